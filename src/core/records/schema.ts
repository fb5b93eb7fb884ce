import { isOptional, type Records, type Schema } from './fields.ts'
import { MARKET } from './market.ts'
import { RECORDER } from './recorder.ts'
import { SETUP } from './setup.ts'
import { STATISTICS } from './statistics.ts'
import { STORE } from './store.ts'

const RECORDS: Records = { ...MARKET, ...STATISTICS, ...STORE, ...RECORDER, ...SETUP }

/** Whether hkq prints records of this type. */
export function isRecordType(type: string): boolean {
  return Object.hasOwn(RECORDS, type)
}

/** Field names of a record type in the order of the JSON, without `type`. */
export function fieldNames(type: string): readonly string[] {
  return Object.keys(RECORDS[type] ?? {})
}

/**
 * The JSON Schema (draft 2020-12) of the records a command prints.
 * @param types record types, e.g. `['tick', 'gap']`
 */
export function schemaOf(types: readonly string[]): Schema {
  const variants = types.map((type) => ({
    title: type,
    type: 'object',
    required: ['type', ...fieldNames(type).filter((name) => !isOptional(RECORDS[type]![name]!))],
    properties: { type: { const: type }, ...RECORDS[type] },
  }))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...(variants.length === 1 ? variants[0] : { oneOf: variants }),
  }
}
