import type { Page } from 'playwright-core'

/** Where a colour is painted in the canvases of an element: how many pixels, and from where to where, in CSS pixels. */
export interface Paint {
  readonly pixels: number
  readonly left: number
  readonly right: number
}

/** Looks for a colour in what a chart has painted. @param variable name of the colour in the style sheet, `--up` */
export function paintOf(page: Page, selector: string, variable: string): Promise<Paint> {
  return page.evaluate(
    ([selector, variable]) => {
      const colour = getComputedStyle(document.documentElement).getPropertyValue(variable!).trim()
      const [red, green, blue] = [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16)) as [
        number,
        number,
        number,
      ]
      let [pixels, left, right] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
      const box = document.querySelector(selector!)!.getBoundingClientRect()
      for (const canvas of document.querySelectorAll<HTMLCanvasElement>(`${selector} canvas`)) {
        if (canvas.width === 0 || canvas.height === 0) continue
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })!
        copy.drawImage(canvas, 0, 0)
        const { data } = copy.getImageData(0, 0, canvas.width, canvas.height)
        const at = canvas.getBoundingClientRect()
        for (let i = 0; i < data.length; i += 4) {
          const off = Math.abs(data[i]! - red) + Math.abs(data[i + 1]! - green) + Math.abs(data[i + 2]! - blue)
          if (off > 6 || data[i + 3]! < 200) continue
          const x = at.left - box.left + (((i / 4) % canvas.width) * at.width) / canvas.width
          pixels++
          left = Math.min(left, x)
          right = Math.max(right, x)
        }
      }
      return { pixels, left, right }
    },
    [selector, variable],
  )
}
