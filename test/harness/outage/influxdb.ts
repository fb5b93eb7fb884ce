import { numberIn } from '../../support/coverage-equation.ts'
import { influxd } from '../../support/own-influxd.ts'
import type { OutageServer } from './server.ts'

const DATABASE = 'outage'

interface Series {
  readonly tags?: { readonly symbol: string }
  readonly values: readonly (readonly (string | number)[])[]
}

/** An InfluxDB server of 1.x, asked over HTTP. */
export async function influxdbOutage(): Promise<OutageServer> {
  const server = await influxd()
  await server.start()
  const ask = async (q: string): Promise<readonly Series[]> => {
    const response = await fetch(`${server.url}/query?${new URLSearchParams({ db: DATABASE, epoch: 'ms', q })}`)
    const { results } = (await response.json()) as { results: readonly { series?: readonly Series[] }[] }
    return results[0]!.series ?? []
  }
  const bySymbol = async (
    fields: string,
    measurement: string,
  ): Promise<[string | null, readonly (string | number)[]][]> =>
    (await ask(`SELECT ${fields} FROM ${measurement} GROUP BY symbol`)).flatMap(({ tags, values }) =>
      values.map((row): [string | null, readonly (string | number)[]] => [tags?.symbol || null, row]),
    )
  return {
    address: `${server.url.replace(/^http:/, 'influxdb:')}/${DATABASE}`,
    start: () => server.start(),
    stop: (how) => server.kill(how === 'fast' ? 'SIGTERM' : 'SIGKILL'),
    remove: server.remove,
    async newest() {
      return new Map((await bySymbol('max(seq)', 'ticks')).map(([symbol, [, seq]]) => [symbol!, Number(seq)]))
    },
    async recorded() {
      const ticks = await bySymbol('seq, last_price, volume', 'ticks')
      const raw = await bySymbol('raw', 'rejected_ticks')
      const gaps = await bySymbol('gap_end, cause', 'gaps')
      return {
        ticks: ticks.map(([symbol, [time, number, price, volume]]) => ({
          ...{ symbol: symbol!, number: Number(number), time: Number(time) },
          ...{ price: Number(price), volume: Number(volume) },
        })),
        quarantined: raw.map(([symbol, [, text]]) => ({ symbol: symbol!, number: numberIn(String(text)) })),
        gaps: gaps.map(([symbol, [from, to, cause]]) => ({
          ...{ symbol, from: Number(from), to: Number(to), cause: String(cause) },
        })),
      }
    },
  }
}
