/** JSON texts that have broken programs: types where others belong, names of every object's own, depth, size. */
export const HOSTILE_VALUES: readonly (readonly [what: string, json: string])[] = [
  ['nothing', 'null'],
  ['truth', 'true'],
  ['a number beyond all numbers', '1e999'],
  ['a number below all numbers', '-1e999'],
  ['the least number', '5e-324'],
  ['a negative zero', '-0'],
  ['a fraction', '1.5'],
  ['400 digits', '9'.repeat(400)],
  ['400 digits in quotes', `"${'9'.repeat(400)}"`],
  ['an empty text', '""'],
  ['an empty list', '[]'],
  ['an empty object', '{}'],
  ['an object that is no primitive value', '{"toString":1,"valueOf":1,"toJSON":1}'],
  ['an object with a prototype', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'],
  ['__proto__', '"__proto__"'],
  ['constructor', '"constructor"'],
  ['toString', '"toString"'],
  ['hasOwnProperty', '"hasOwnProperty"'],
  ['half a character', '"\\ud800"'],
  ['the other half', '"\\udfff\\ud800"'],
  ['a NUL', '"\\u0000700.HK\\u0000"'],
  ['line breaks', '"700.HK\\r\\n\\u2028\\u2029\\u0085"'],
  ['an escape sequence', '"\\u001b]8;;http://evil\\u0007x\\u001b[2J"'],
  ['spaces before and behind', `"${' '.repeat(1_000)}700.HK${' '.repeat(1_000)}"`],
  ['a path', '"../../../../etc/passwd"'],
  ['a statement of SQL', `"'; DROP TABLE tick; --"`],
  ['100,000 lists in one another', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['20,000 objects in one another', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
  ['200,000 signs', `"${'x'.repeat(200_000)}"`],
  ['200,000 digits with a letter behind', `"${'9'.repeat(200_000)}x"`],
  ['200,000 nines', `"${'9'.repeat(200_000)}"`],
]

/** The name every object would have if one had been given to all. */
export function polluted(): boolean {
  return 'polluted' in {}
}

/** Texts that a vendor may send as a name, a message, a code. */
export const HOSTILE_TEXTS: readonly (readonly [what: string, text: string])[] = [
  ['a colour', '\u001b[31mred\u001b[0m'],
  ['a screen that is wiped', '\u001b[2J\u001b[H'],
  ['a title', '\u001b]0;title\u0007'],
  ['a link', '\u001b]8;;http://evil\u001b\\click\u001b]8;;\u001b\\'],
  ['a sequence of one byte', '\u009b31m\u009d0;title\u009c'],
  ['a string of the device', '\u001bP1;2|payload\u001b\\'],
  ['a bell and a backspace', '\u0007\b\b\b'],
  ['writing from right to left', '\u202egnirts\u202c\u2066\u2069'],
  ['invisible signs', 'a\u200bb\u200d\u2060\ufeffc'],
  ['a line of its own', 'x\nhkq: all is well'],
  ['a carriage return', 'x\rhkq: all is well'],
  ['line breaks of Unicode', 'x\u2028y\u2029z\u0085w\u000bv\fu'],
  ['a NUL', 'a\u0000b'],
  ['half a character', 'a\ud800b'],
  ['a formula', '=HYPERLINK("http://evil","x")'],
  ['a sum', '+1+1'],
  ['a difference', '-1+1'],
  ['a function', '@SUM(A1)'],
  ['a formula behind a tab', '\t=1'],
  ['a formula behind a return', '\r=1'],
  ['a formula in wide signs', '＝1+1'],
  ['a formula behind an apostrophe', "'=1"],
  ['a cell of its own', 'x",=1,"y'],
  ['a cell of its own elsewhere', 'x;=1\t=2'],
  ['a statement of SQL', "'); DROP TABLE tick; --"],
  ['an end of JSON', '"}\n{"type":"tick"'],
]

const STEERING =
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]'

/** What of a text could steer a terminal, beside line feeds and tabs. */
export function steering(text: string): string[] {
  return text.match(new RegExp(STEERING, 'g')) ?? []
}
