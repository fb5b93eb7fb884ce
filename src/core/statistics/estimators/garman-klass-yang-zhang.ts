import type { Estimator } from './estimator.ts'
import { garmanKlassTerm } from './garman-klass.ts'
import { logReturn } from './returns.ts'

/**
 * Garman-Klass with the gaps between bars: on daily bars the night is contained. Assumes no drift. Needs the close before
 * the window's first bar. Few trades a bar bias it down.
 */
export const garmanKlassYangZhang: Estimator = {
  name: 'garman-klass-yang-zhang',
  source:
    "Garman, Klass (1980), extended by Yang and Zhang (TTR's gk.yz): mean of ln(O/C_prev)^2 + ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2",
  periodic: true,
  samples: (n) => [n, n],
  begin: () => {
    let before = Number.NaN
    return (bar, out) => {
      out[0] = logReturn(before, bar.open) ** 2
      out[1] = garmanKlassTerm(bar)
      before = bar.close
    }
  },
  variance: ([gap, inside]) => gap!.mean + inside!.mean,
}
