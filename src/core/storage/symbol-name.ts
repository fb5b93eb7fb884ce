/** Whether a symbol of a file may be used as one, though it may be of another market. */
export function isFitName(symbol: unknown): symbol is string {
  return typeof symbol === 'string' && /^[\w^][\w.^=-]{0,31}$/.test(symbol)
}
