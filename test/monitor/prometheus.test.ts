import { describe, expect, it } from 'vitest'
import { prometheusText } from '../../src/core/monitor/prometheus.ts'
import { type HealthRecord, NOTHING } from '../../src/core/monitor/record.ts'
import { Histogram } from '../../src/core/statistics/histogram.ts'
import { QUIET_MACHINE } from './facts.ts'
import { parseExposition } from './prometheus-text.ts'

const { timestamp: _, ...MACHINE } = QUIET_MACHINE
const RECORD: HealthRecord = {
  ...{ ...NOTHING, ...MACHINE, timestamp: 1_000, state: 'degraded', reasons: ['silent'], since: 500, start: 100 },
  ...{ pid: 1, source: 'alltick', store: 'sqlite:C:\\a "b"\n.db', store_bytes: 7, wal_bytes: 8, waiting_bytes: 0 },
  ...{ received: 10, stored: 9, duplicates: 1, rejected: { price: 2 }, flagged: { odd_lot: 3 }, queue_seconds: 0.25 },
  ...{ gaps: 4, gaps_today: 5, holes: 1, reconnects: 6, bytes: 700 },
  symbols: [
    { symbol: '00700.HK', age: 1.5 },
    { symbol: 'HSI', age: null },
  ],
}

async function scraped(record: HealthRecord = RECORD, commit = new Histogram()) {
  const usage = { cpu: 2_500, memory: 9e7 }
  return parseExposition(await prometheusText({ record, commit, latency: new Histogram(), usage }))
}

describe('what Prometheus scrapes', () => {
  it('is text that it can read, with a type and words for each metric', async () => {
    const families = await scraped()
    expect(families.size).toBeGreaterThan(30)
    for (const [name, { help }] of families) {
      expect(name).toMatch(/^(hkq|process)_/)
      expect(help.length, name).toBeGreaterThan(10)
    }
  })

  it('has base units alone: seconds, bytes, shares', async () => {
    const told = [...(await scraped()).keys()]
    expect(told.filter((name) => /(_ms|_milliseconds|_mb|_percent|_pct)(_|$)/.test(name))).toEqual([])
    expect((await scraped()).get('hkq_queue_seconds')!.samples[0]!.value).toBe(0.25)
    expect((await scraped()).get('hkq_state_since_timestamp_seconds')!.samples[0]!.value).toBe(0.5)
    expect((await scraped()).get('process_cpu_seconds_total')!.samples[0]!.value).toBe(2.5)
  })

  it('names the one state it is in, and every reason with whether it holds', async () => {
    const families = await scraped()
    const on = (name: string) =>
      families
        .get(name)!
        .samples.filter(({ value }) => value === 1)
        .map(({ labels }) => labels)
    expect(on('hkq_state')).toEqual([{ state: 'degraded' }])
    expect(on('hkq_reason')).toEqual([{ reason: 'silent' }])
    expect(families.get('hkq_state')!.samples).toHaveLength(5)
  })

  it('has a symbol once it was heard, and texts of any kind', async () => {
    const families = await scraped()
    const ages = families.get('hkq_last_tick_age_seconds')!.samples
    expect(ages.map(({ labels, value }) => [labels.symbol, value])).toEqual([['00700.HK', 1.5]])
    expect(families.get('hkq_recorder_info')!.samples[0]!.labels.store).toBe(RECORD.store)
  })

  it('counts flags and reasons from 0, so that the first one is an increase', async () => {
    const rejected = (await scraped()).get('hkq_records_rejected_total')!.samples
    expect(rejected.map(({ labels, value }) => [labels.reason, value])).toEqual([
      ['malformed', 0],
      ['price', 2],
      ['volume', 0],
      ['crossed', 0],
    ])
  })

  it('has a histogram whose buckets hold what came', async () => {
    const commit = new Histogram()
    for (const ms of [0.1, 0.6, 3, 3, 200_000]) commit.add(ms)
    const { samples } = (await scraped(RECORD, commit)).get('hkq_receive_to_commit_seconds')!
    const upTo = (le: string) => samples.find(({ labels }) => labels.le === le)!.value
    expect([upTo('0.00016'), upTo('0.00064'), upTo('0.00512'), upTo('+Inf')]).toEqual([1, 2, 4, 5])
    expect(samples.find(({ name }) => name.endsWith('_sum'))!.value).toBeCloseTo(200.0067)
  })

  it('leaves out what is not known, of a recorder that waits too', async () => {
    const families = await scraped({ ...NOTHING, timestamp: 1, state: 'closed' })
    expect(families.get('hkq_ticks_received_total')!.samples).toEqual([])
    expect(families.get('hkq_cpu_usage_ratio')!.samples).toEqual([])
    expect(families.get('hkq_state')!.samples.find(({ value }) => value === 1)!.labels).toEqual({ state: 'closed' })
  })
})
