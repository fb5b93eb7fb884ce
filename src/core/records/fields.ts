/** A JSON Schema, of one field or of more. */
export type Schema = Readonly<Record<string | symbol, unknown>>

/** Record types with their fields, in the order of the JSON, without `type`. */
export type Records = Readonly<Record<string, Readonly<Record<string, Schema>>>>

const OPTIONAL = Symbol('optional')

export const text = (description: string): Schema => ({ type: 'string', description })
export const number = (description: string): Schema => ({ type: 'number', description })
export const integer = (description: string): Schema => ({ type: 'integer', description })
export const truth = (description: string): Schema => ({ type: 'boolean', description })
export const time = (description: string): Schema => ({
  type: 'string',
  format: 'date-time',
  description: `${description}, ISO 8601 with zone`,
})
export const choice = (description: string, ...values: (string | null)[]): Schema => ({ enum: values, description })
export const counts = (description: string): Schema => ({
  type: 'object',
  additionalProperties: { type: 'integer' },
  description,
})
export const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'] })

/** A field that only some records of its type have. */
export const optional = (schema: Schema): Schema => ({ ...schema, [OPTIONAL]: true })

export function isOptional(schema: Schema): boolean {
  return OPTIONAL in schema
}
