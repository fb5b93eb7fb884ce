import { Chalk } from 'chalk'

/** Up green and down red as in Hong Kong (`hk`), or up red and down green as on the mainland (`cn`). */
export type ColourScheme = 'hk' | 'cn'

type Paint = (text: string) => string

/** The colours of hkq by meaning. Without colours every one of them returns its text unchanged. */
export interface Palette {
  readonly colour: boolean
  readonly up: Paint
  readonly down: Paint
  readonly strong: Paint
  readonly faint: Paint
  readonly heading: Paint
  readonly warning: Paint
  readonly alert: Paint
  readonly good: Paint
}

/** What decides about colours: `--no-color`, the variables of that name, and the stream. */
export interface ColourWish {
  readonly isTTY: boolean
  /** false after `--no-color`. */
  readonly flag: boolean
  /** Value of `NO_COLOR`: any text but the empty one means no. */
  readonly noColor: string | undefined
  /** Value of `FORCE_COLOR`: `0` and `false` mean no, anything else yes. */
  readonly forceColor: string | undefined
  /** Value of `TERM`: `dumb` means no. */
  readonly term?: string | undefined
}

/** Whether text for people may be coloured. Machine formats never ask. */
export function wantsColour({ isTTY, flag, noColor, forceColor, term }: ColourWish): boolean {
  if (!flag || noColor) return false
  if (forceColor !== undefined) return forceColor !== '0' && forceColor !== 'false'
  return isTTY && term !== 'dumb'
}

/** The palette of a stream. */
export function createPalette(colour: boolean, scheme: ColourScheme = 'hk'): Palette {
  const chalk = new Chalk({ level: colour ? 1 : 0 })
  return {
    colour,
    up: scheme === 'hk' ? chalk.green : chalk.red,
    down: scheme === 'hk' ? chalk.red : chalk.green,
    strong: chalk.bold,
    faint: chalk.dim,
    heading: chalk.bold,
    warning: chalk.yellow,
    alert: chalk.bold.yellow,
    good: chalk.green,
  }
}

/** Paints by sign: above zero up, below zero down, else unchanged. */
export function bySign(palette: Palette, sign: number | null): Paint {
  if (sign === null || sign === 0 || Number.isNaN(sign)) return (text) => text
  return sign > 0 ? palette.up : palette.down
}
