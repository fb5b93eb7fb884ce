/** Escape sequences whole: CSI, then strings (OSC, DCS, APC, PM, SOS) up to their end, then any other two-byte escape. */
const SEQUENCES = new RegExp(
  [
    '(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]',
    '(?:\\u001b[\\]P_^X]|[\\u009d\\u0090\\u009f\\u009e\\u0098])[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u001b\\\\|\\u009c)?',
    '\\u001b[ -/]*[0-~]?',
  ].join('|'),
  'g',
)
const LONE_SURROGATES = /\p{Cs}/gu
/** Line breaks and tabs become one space each. */
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g
/** Other control characters, marks that turn the direction of writing, invisible characters. */
const HIDDEN = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/gu

/**
 * A text from outside (a vendor's name or message) as it may be shown in a terminal: no escape sequences, control
 * characters or changes of writing direction, on one line.
 */
export function sanitise(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  return text.replace(LONE_SURROGATES, '\ufffd').replace(SEQUENCES, '').replace(BREAKS, ' ').replace(HIDDEN, '')
}

const COLOURS = new RegExp(`(${String.fromCharCode(0x1b)}\\[[0-9;]*m)`)

/** As `sanitise` for a line of our own that may hold such a text: our colours stay. */
export function sanitiseLine(text: string): string {
  const parts = text.split(COLOURS)
  return parts.map((part, i) => (i % 2 === 0 ? sanitise(part) : part)).join('')
}
