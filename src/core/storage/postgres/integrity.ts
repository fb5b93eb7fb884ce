import type { Ask } from './connection.ts'

/** Findings told at most. */
const MOST = 5

/**
 * What does not agree in a store: minutes whose counts are not those of their ticks. The server checks its own pages as it
 * reads them. Reads everything.
 */
export async function findings(ask: Ask): Promise<readonly string[]> {
  const rows = await ask<[string, string, number, number]>(
    `SELECT symbol.name, to_char(timestamp '1970-01-01 08:00' + start * interval '1 millisecond', 'YYYY-MM-DD HH24:MI'),
        coalesce(told, 0)::int8, coalesce(found, 0)::int8
      FROM (SELECT symbol, start, trades + left_out AS told FROM minute WHERE origin = 'ticks') minutes
      FULL JOIN (SELECT symbol, floor(time / 60000.0)::int8 * 60000 AS start, count(*) AS found FROM tick GROUP BY 1, 2) counted
        USING (symbol, start)
      JOIN symbol ON symbol.id = symbol
      WHERE coalesce(told, 0) <> coalesce(found, 0)
        AND NOT EXISTS (SELECT 1 FROM minute m WHERE m.symbol = symbol.id AND m.start = start AND m.origin <> 'ticks')
      LIMIT ${MOST}`,
  )
  return rows.map(
    ([symbol, minute, told, found]) => `${symbol} ${minute}: the minute counts ${told} ticks, there are ${found}`,
  )
}
