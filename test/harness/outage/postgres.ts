import { numberIn, type StoredGap, type StoredTick } from '../../support/coverage-equation.ts'
import { sql } from '../../support/postgres.ts'
import { PostgresServer } from '../../support/postgres-server.ts'
import type { OutageServer } from './server.ts'

/** A PostgreSQL server, asked by the views that anybody may ask. */
export async function postgresOutage(): Promise<OutageServer> {
  const server = await PostgresServer.open()
  const { url } = server
  const time = (column: string): string => `(extract(epoch FROM ${column} - interval '8 hours') * 1000)::float8`
  return {
    address: url,
    start: () => server.start(),
    stop: (how) => server.stop(how),
    remove: () => server.remove(),
    async newest() {
      const rows = await sql<{ symbol: string; newest: string }>(
        'SELECT symbol, max(seq) AS newest FROM hkq.ticks GROUP BY symbol',
        url,
      )
      return new Map(rows.map((row) => [row.symbol, Number(row.newest)]))
    },
    async recorded() {
      const ticks = await sql<StoredTick>(
        `SELECT symbol, seq::float8 AS number, ${time('timestamp')} AS time, last_price AS price, volume::float8 FROM hkq.ticks`,
        url,
      )
      const raw = await sql<{ symbol: string; raw: string }>('SELECT symbol, raw FROM hkq.rejected_ticks', url)
      const gaps = await sql<StoredGap>(
        `SELECT symbol, ${time('gap_start')} AS "from", ${time('gap_end')} AS "to", cause FROM hkq.gaps`,
        url,
      )
      return { ticks, quarantined: raw.map((row) => ({ symbol: row.symbol, number: numberIn(row.raw) })), gaps }
    },
  }
}
