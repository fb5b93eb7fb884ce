import { HkqError } from '../../errors.ts'
import { bipower } from './bipower.ts'
import { closeToClose } from './close-to-close.ts'
import type { Estimator } from './estimator.ts'
import { garmanKlass } from './garman-klass.ts'
import { garmanKlassYangZhang } from './garman-klass-yang-zhang.ts'
import { gridStd } from './grid-std.ts'
import { parkinson } from './parkinson.ts'
import { realized } from './realized.ts'
import { rogersSatchell } from './rogers-satchell.ts'
import { tickStd } from './tick-std.ts'
import { yangZhang } from './yang-zhang.ts'

/** Every estimator, one a file. A new one is added here and passes the contract suite. */
export const ESTIMATORS: readonly Estimator[] = [
  tickStd,
  gridStd,
  closeToClose,
  realized,
  bipower,
  parkinson,
  garmanKlass,
  garmanKlassYangZhang,
  rogersSatchell,
  yangZhang,
]

/** @throws HkqError E_USAGE that lists the names */
export function estimatorNamed(name: string): Estimator {
  const found = ESTIMATORS.find((estimator) => estimator.name === name)
  if (found) return found
  throw new HkqError('E_USAGE', `unknown estimator "${name}": use ${ESTIMATORS.map((e) => e.name).join(', ')}`)
}
