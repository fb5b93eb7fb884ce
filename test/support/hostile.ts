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
