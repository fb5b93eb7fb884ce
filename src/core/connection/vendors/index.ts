import type { Vendor } from '../vendor.ts'
import { type AllTickOptions, alltick } from './alltick.ts'
import { type InfowayOptions, infoway } from './infoway.ts'
import { type TutorialOptions, tutorial } from './tutorial.ts'

/** Every vendor by the scheme of its address. A new one is a file here and a line below. */
export const VENDORS = {
  alltick: (options: AllTickOptions): Vendor => alltick(options),
  infoway: (options: InfowayOptions): Vendor => infoway(options),
  tutorial: (options: TutorialOptions): Vendor => tutorial(options),
} as const

export type VendorName = keyof typeof VENDORS
