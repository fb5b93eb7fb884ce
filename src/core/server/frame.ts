/**
 * One unmasked, final WebSocket text frame (RFC 6455, 5.2) as a string of bytes, to be written with encoding `latin1`.
 * Frames of this form are made once, joined by `+` and sent to any number of clients in one write.
 * @param text ASCII only
 */
export function textFrame(text: string): string {
  return header(0x81, text.length) + text
}

/** As textFrame, for any bytes: `opcode` 1 is text, 2 binary. */
export function rawFrame(opcode: number, bytes: string): string {
  return header(0x80 | opcode, bytes.length) + bytes
}

function header(first: number, length: number): string {
  if (length < 126) return String.fromCharCode(first, length)
  if (length < 65_536) return String.fromCharCode(first, 126, length >> 8, length & 255)
  const high = Math.floor(length / 0x1_0000_0000)
  return String.fromCharCode(
    first,
    127,
    0,
    0,
    high >> 8,
    high & 255,
    length >>> 24,
    (length >> 16) & 255,
    (length >> 8) & 255,
    length & 255,
  )
}

/** JSON text of a string in ASCII: everything beyond it is escaped. */
export function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
