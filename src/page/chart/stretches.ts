import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  ITimeScaleApi,
  Logical,
  SeriesAttachedParameter,
  Time,
} from 'lightweight-charts'

import type { Break } from '../desk/timeline.ts'
import type { Hole } from './holes.ts'

type Target = Parameters<IPrimitivePaneRenderer['draw']>[0]

export interface Stretches {
  readonly holes: readonly Hole[]
  readonly jumps: readonly Break[]
  readonly holeColour: string
  readonly jumpColour: string
}

/** Nights and lunches are drawn where so many pixels lie between them. */
const ROOM = { night: 12, lunch: 48 }
const HATCH = 6

/** Draws behind a pane what its axis leaves out and where data is missing. */
export class StretchDrawing implements ISeriesPrimitive<Time> {
  readonly #stretches: () => Stretches
  readonly #views: readonly IPrimitivePaneView[]
  #update: () => void = () => {}
  #scale: ITimeScaleApi<Time> | null = null

  constructor(stretches: () => Stretches) {
    this.#stretches = stretches
    const renderer: IPrimitivePaneRenderer = { draw: () => {}, drawBackground: (target) => this.#draw(target) }
    this.#views = [{ zOrder: () => 'bottom', renderer: () => renderer }]
  }

  attached({ chart, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.#scale = chart.timeScale()
    this.#update = requestUpdate
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.#views
  }

  redraw(): void {
    this.#update()
  }

  #draw(target: Target): void {
    const scale = this.#scale
    if (scale === null) return
    const { holes, jumps, holeColour, jumpColour } = this.#stretches()
    target.useMediaCoordinateSpace(({ context, mediaSize: { width, height } }) => {
      const half = scale.options().barSpacing / 2
      const at = (index: number): number => scale.logicalToCoordinate(index as Logical) ?? Number.NaN
      for (const { from, to, isFilled } of holes) {
        const left = Math.max(0, at(from) - half)
        const right = Math.min(width, at(to) + half)
        if (right > left) hatch(context, { left, width: Math.max(2, right - left), height }, holeColour, isFilled)
      }
      let before = { night: Number.NEGATIVE_INFINITY, lunch: Number.NEGATIVE_INFINITY }
      for (const { index, kind } of jumps) {
        const x = Math.round(at(index) - half) + 0.5
        if (x - before[kind] < ROOM[kind]) continue
        before = { ...before, [kind]: x }
        if (x >= 0 && x <= width) rule(context, x, height, jumpColour, kind)
      }
    })
  }
}

interface Box {
  readonly left: number
  readonly width: number
  readonly height: number
}

/** Slanting lines over a tint: told from a mere shade without colours too. */
function hatch(
  context: CanvasRenderingContext2D,
  { left, width, height }: Box,
  colour: string,
  isFilled: boolean,
): void {
  context.save()
  context.beginPath()
  context.rect(left, 0, width, height)
  context.clip()
  context.fillStyle = context.strokeStyle = colour
  context.globalAlpha = isFilled ? 0.08 : 0.18
  context.fill()
  if (!isFilled) {
    context.globalAlpha = 0.5
    context.beginPath()
    const first = Math.floor((left - height) / HATCH) * HATCH
    for (let x = first; x < left + width; x += HATCH) {
      context.moveTo(x, height)
      context.lineTo(x + height, 0)
    }
    context.stroke()
  }
  context.restore()
}

function rule(context: CanvasRenderingContext2D, x: number, height: number, colour: string, kind: Break['kind']): void {
  context.save()
  context.strokeStyle = colour
  context.lineWidth = 1
  context.setLineDash(kind === 'lunch' ? [2, 4] : [])
  context.beginPath()
  context.moveTo(x, 0)
  context.lineTo(x, height)
  context.stroke()
  context.restore()
}
