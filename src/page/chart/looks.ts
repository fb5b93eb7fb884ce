import { type ChartOptions, ColorType, type DeepPartial, LineStyle } from 'lightweight-charts'

/** The colours of a chart, by meaning: those of the page's style sheet as they are now. */
export interface Looks {
  readonly [name: string]: string
}

const NAMES = [
  'ground',
  'line',
  'grid',
  'text',
  'faint',
  'accent',
  'up',
  'down',
  'up-soft',
  'down-soft',
  'alert',
  'hole',
  'jump',
  'usual',
]

export function looksOf(root: HTMLElement): Looks {
  const style = getComputedStyle(root)
  const looks = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]))
  return { ...looks, font: style.fontFamily }
}

/** What every chart of the page has in common. */
export function chartOptions(looks: Looks): DeepPartial<ChartOptions> {
  const line = { color: looks.faint!, style: LineStyle.Dashed, width: 1, labelBackgroundColor: looks.accent! } as const
  return {
    layout: {
      background: { type: ColorType.Solid, color: looks.ground! },
      textColor: looks.faint!,
      fontFamily: looks.font!,
      fontSize: 11,
      attributionLogo: false,
      panes: { separatorColor: looks.line!, separatorHoverColor: looks.grid! },
    },
    grid: { vertLines: { color: looks.grid! }, horzLines: { color: looks.grid! } },
    crosshair: { mode: 0, vertLine: line, horzLine: line },
    rightPriceScale: { borderColor: looks.line!, minimumWidth: 68 },
    timeScale: { borderColor: looks.line! },
  }
}
