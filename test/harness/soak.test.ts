import { describe, expect, it } from 'vitest'
import { expectExact, figuresOf } from '../support/coverage-equation.ts'
import { trendOf } from './slope.ts'
import { type Sample, type SoakOptions, soak, verdictOf } from './soak.ts'

/** npm run soak sets the long run. */
const LONG = process.env.HKQ_SOAK
const OPTIONS: SoakOptions = LONG ? JSON.parse(LONG) : { minutes: 0.15, rate: 1_000, reconnects: 1 }

function tell(text: string): void {
  if (LONG) process.stdout.write(`${text}\n`)
}

const lineOf = ({ heap, rss, descriptors, resources }: Sample): string =>
  `heap ${(heap / 1e6).toFixed(2)} MB, rss ${(rss / 1e6).toFixed(0)} MB, ${descriptors} descriptors, ${JSON.stringify(resources)}`

describe('a recorder that is troubled for hours', () => {
  it(
    'grows in nothing, and accounts for every trade',
    async () => {
      const { minutes, rate, reconnects } = OPTIONS
      const soaked = await soak(OPTIONS, (sample, done) => tell(`${done} reconnects: ${lineOf(sample)}`))
      const { growing, ...trends } = verdictOf(soaked.samples)
      tell(`${minutes} minutes, ${rate} ticks/s, ${soaked.connections - 1} reconnects: ${figuresOf(soaked.audit)}`)
      for (const [name, { first, last, least, most, growth }] of Object.entries(trends))
        tell(`${name}: ${first} to ${last}, between ${least} and ${most}, growth ${growth.toFixed(1)}`)
      expectExact(soaked.audit)
      expect(soaked.audit).toMatchObject({ wide: [] })
      expect(soaked.code, 'holes in a session').toBe(3)
      expect(soaked.connections - 1).toBeGreaterThanOrEqual(reconnects)
      if (LONG) expect(growing).toEqual([])
    },
    OPTIONS.minutes * 60_000 + 60_000,
  )
})

describe('the verdict on a run', () => {
  const samples = (measure: (i: number) => Partial<Sample>): Sample[] =>
    Array.from({ length: 50 }, (_, i) => {
      const flat = { heap: 10e6, rss: 0, external: 0, descriptors: 20, resources: { Timeout: 5, TCPSocketWrap: 1 } }
      return { ...flat, ...measure(i) }
    })
  /** Up and down by `size`, never the same twice in a row. */
  const noise = (i: number, size: number): number => (((i * 7) % 11) / 10 - 0.5) * size

  it('is flat where nothing grows but by noise, whatever the warm-up did', () => {
    const measured = samples((i) => ({
      heap: (i < 10 ? i * 1e6 : 10e6) + noise(i, 2e6),
      descriptors: 20 + Math.round(noise(i, 4)),
    }))
    expect(verdictOf(measured).growing).toEqual([])
  })

  it('sees a heap that grows by 30 kB a reconnect in twice the noise', () => {
    const measured = samples((i) => ({ heap: 10e6 + i * 30_000 + noise(i, 1e6) }))
    expect(verdictOf(measured).growing).toEqual([expect.stringMatching(/^heap grew by/)])
  })

  it('sees a descriptor, a timer or a socket that stays behind now and then', () => {
    const left = (i: number) => Math.floor(i / 10)
    expect(verdictOf(samples((i) => ({ descriptors: 20 + left(i) }))).growing).toHaveLength(1)
    expect(verdictOf(samples((i) => ({ resources: { Timeout: 5 + left(i) } }))).growing).toHaveLength(1)
    expect(verdictOf(samples((i) => ({ resources: { TCPSocketWrap: 1 + left(i) } }))).growing).toHaveLength(1)
  })

  it('takes the median slope: a single sample moves nothing', () => {
    expect(trendOf([1, 1, 1, 100, 1, 1]).growth).toBe(0)
    expect(trendOf([0, 2, 4, 6]).growth).toBe(6)
  })
})
