import { parseAddress } from '../core/address/address.ts'
import { openSource } from '../core/address/open-source.ts'
import { HkqError } from '../core/errors.ts'
import type { Inquiry } from '../core/pipeline/inquiry.ts'
import { sourceOptions } from './_feed.ts'
import type { Io } from './_io.ts'
import type { Setup } from './_setup.ts'

/** A vendor that is asked, not listened to. */
export interface Vendor {
  readonly name: string
  readonly inquiry: Inquiry
}

/**
 * Who answers questions at an address; nothing is connected to before the first one.
 * @throws HkqError E_USAGE for an address that answers none, E_TOKEN without a token
 */
export async function openVendor(text: string, setup: Setup, io: Io): Promise<Vendor> {
  const address = parseAddress(text, 'source')
  const { name, inquiry } = await openSource(address, {
    ...sourceOptions(setup, io),
    symbols: [],
    signal: io.interrupted,
  })
  if (inquiry === undefined) throw new HkqError('E_USAGE', `"${text}" answers no questions: use alltick:`)
  return { name, inquiry }
}
