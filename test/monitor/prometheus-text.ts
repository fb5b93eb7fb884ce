/** One family of metrics as a scraper reads it. */
export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: readonly {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
  }[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (-?(?:\\d[\\d.]*(?:e[+-]?\\d+)?|Inf)|[+]Inf|NaN)$`)
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y
/** What a family of each type may name its samples. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
}

/**
 * Reads the text format as `promtool check metrics` does, and as strictly: every sample belongs to the family above it, a
 * family is whole and comes once, counters end in `_total`, buckets rise and end with all.
 * Source: prometheus.io, exposition formats. @throws Error naming the line
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, { type: string; help: string; samples: Family['samples'][number][] }>()
  let current: { name: string; type: string; help: string; samples: Family['samples'][number][] } | undefined
  let help: [string, string] | undefined
  for (const line of text.split('\n')) {
    const [, helped, words] = new RegExp(`^# HELP (${NAME}) (.+)$`).exec(line) ?? []
    const [, typed, type] = new RegExp(`^# TYPE (${NAME}) (\\w+)$`).exec(line) ?? []
    if (helped !== undefined) help = [helped, words!]
    else if (typed !== undefined) {
      if (families.has(typed) || help?.[0] !== typed) throw new Error(`a second or unexplained family: ${line}`)
      if ((type === 'counter') !== typed.endsWith('_total')) throw new Error(`only counters end in _total: ${line}`)
      current = { name: typed, type: type!, help: help[1], samples: [] }
      families.set(typed, current)
    } else if (line !== '') {
      const [, name, labels = '', value] = SAMPLE.exec(line) ?? []
      const part = current && name?.startsWith(current.name) ? name.slice(current.name.length) : undefined
      if (part === undefined || !PARTS[current!.type]?.includes(part)) throw new Error(`out of place: ${line}`)
      current!.samples.push({ name: name!, labels: labelsIn(labels, line), value: numberOf(value!) })
    }
  }
  for (const [name, { type, samples }] of families) {
    const keys = samples.map((sample) => sample.name + JSON.stringify(sample.labels))
    if (new Set(keys).size < keys.length) throw new Error(`told twice: ${name}`)
    if (type === 'histogram') checkBuckets(name, samples)
  }
  return families
}

function labelsIn(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  for (let read = 0; read < text.length; read = LABEL.lastIndex) {
    const match = LABEL.exec(text)
    if (match === null) throw new Error(`labels that are none: ${line}`)
    labels[match[1]!] = match[2]!.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign))
  }
  return labels
}

function numberOf(text: string): number {
  return text.endsWith('Inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text)
}

function checkBuckets(name: string, samples: Family['samples']): void {
  const buckets = samples.filter((sample) => sample.name.endsWith('_bucket'))
  const ends = buckets.map(({ labels }) => numberOf(labels.le ?? 'NaN'))
  const rises = (values: number[]): boolean => values.every((value, i) => i === 0 || value >= values[i - 1]!)
  const all = samples.find((sample) => sample.name.endsWith('_count'))?.value
  const isWhole = ends.at(-1) === Infinity && buckets.at(-1)!.value === all
  if (!isWhole || !rises(ends) || !rises(buckets.map(({ value }) => value))) throw new Error(`buckets of ${name}`)
}
