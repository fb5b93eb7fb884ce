/** Most bytes of one message or body from a client: 3,000 codes with their levels fit. */
export const MAX_PAYLOAD = 256 * 1024

/** A JSON object of a message, null for anything else: broken text, other types, too deep nesting. Never throws. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return null
  }
}

/** The value as a JSON object, null for arrays, null and everything else. */
export function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}
