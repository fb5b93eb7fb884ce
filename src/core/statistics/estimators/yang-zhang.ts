import type { Estimator } from './estimator.ts'
import { logReturn } from './returns.ts'
import { rogersSatchellTerm } from './rogers-satchell.ts'

/**
 * Right under drift and with the gaps between bars: on daily bars the night is contained. Needs the close before the
 * window's first bar. Few trades a bar bias its Rogers-Satchell part down.
 */
export const yangZhang: Estimator = {
  name: 'yang-zhang',
  source:
    'Yang, Zhang (2000): s2(ln(O/C_prev)) + k s2(ln(C/O)) + (1 - k) RS, k = 0.34 / (1.34 + (n + 1) / (n - 1)), sample variances',
  periodic: true,
  samples: (n) => [n, n, n],
  begin: () => {
    let before = Number.NaN
    return (bar, out) => {
      out[0] = logReturn(before, bar.open)
      out[1] = logReturn(bar.open, bar.close)
      out[2] = rogersSatchellTerm(bar)
      before = bar.close
    }
  },
  variance: ([overnight, open, inside], n) => {
    const k = 0.34 / (1.34 + (n + 1) / (n - 1))
    return overnight!.sampleVariance + k * open!.sampleVariance + (1 - k) * inside!.mean
  },
}
