import type { Bar } from '../market/bar.ts'
import type { Gap, Tick } from '../market/event.ts'
import type { Column } from './columns.ts'
import { amount, count, finePrice, NONE, price } from './figures.ts'
import { bySign } from './palette.ts'
import type { Zone } from './zone.ts'

/** Columns of bars: a bar that can still change is faint, one with a gap is marked. */
export function barColumns(zone: Zone): Column<Bar>[] {
  const right = { align: 'right' } as const
  return [
    { title: 'symbol', align: 'left', rank: 0, least: 8, text: (bar) => bar.symbol, paint: (_, p) => p.strong },
    { title: 'start', align: 'left', rank: 0, text: (bar) => zone.local(bar.start) },
    { ...right, title: 'open', rank: 3, least: 7, text: (bar) => price(bar.open) },
    { ...right, title: 'high', rank: 2, least: 7, text: (bar) => price(bar.high) },
    { ...right, title: 'low', rank: 2, least: 7, text: (bar) => price(bar.low) },
    {
      ...right,
      title: 'close',
      rank: 0,
      least: 7,
      text: (bar) => price(bar.close),
      paint: (bar, p) => bySign(p, bar.close - bar.open),
    },
    { ...right, title: 'volume', rank: 1, least: 6, text: (bar) => amount(bar.volume) },
    { ...right, title: 'turnover', rank: 5, least: 8, text: (bar) => amount(bar.turnover) },
    { ...right, title: 'VWAP', rank: 4, least: 8, text: (bar) => finePrice(bar.vwap) },
    { ...right, title: 'mean', rank: 7, least: 8, text: (bar) => finePrice(bar.mean) },
    { ...right, title: 'trades', rank: 6, least: 6, text: (bar) => count(bar.trades) },
    { title: 'note', align: 'left', rank: 8, text: noteOf, paint: (_, p) => p.warning },
  ]
}

function noteOf({ final, has_gap, revision }: Bar): string {
  const notes = [final ? '' : 'open', has_gap ? 'gap' : '', revision ? `revision ${revision}` : '']
  return notes.filter(Boolean).join(', ')
}

/** Columns of ticks, for `--format table` where nothing redraws. */
export function tickColumns(zone: Zone): Column<Tick>[] {
  const right = { align: 'right' } as const
  return [
    {
      title: 'time',
      align: 'left',
      rank: 0,
      text: (tick) => zone.local(tick.timestamp).slice(11) + fraction(tick.timestamp),
    },
    { title: 'symbol', align: 'left', rank: 0, least: 8, text: (tick) => tick.symbol, paint: (_, p) => p.strong },
    {
      ...right,
      title: 'last',
      rank: 0,
      least: 8,
      text: (tick) => price(tick.last_price),
      paint: ({ side }, p) => bySign(p, side === 'buy' ? 1 : side === 'sell' ? -1 : 0),
    },
    { ...right, title: 'volume', rank: 0, least: 7, text: (tick) => count(tick.volume) },
    { ...right, title: 'bid', rank: 1, least: 8, text: (tick) => price(tick.bid_price) },
    { ...right, title: 'ask', rank: 1, least: 8, text: (tick) => price(tick.ask_price) },
    { title: 'side', align: 'left', rank: 2, least: 4, text: (tick) => tick.side ?? NONE },
    { title: 'phase', align: 'left', rank: 3, least: 9, text: (tick) => tick.phase },
    { title: 'flags', align: 'left', rank: 2, text: (tick) => tick.flags.join(' '), paint: (_, p) => p.warning },
  ]
}

function fraction(time: number): string {
  return `.${String(((time % 1_000) + 1_000) % 1_000).padStart(3, '0')}`
}

/** Columns of gaps. */
export function gapColumns(zone: Zone): Column<Gap>[] {
  return [
    { title: 'source', align: 'left', rank: 1, text: (gap) => gap.source },
    { title: 'symbol', align: 'left', rank: 0, text: (gap) => gap.symbol ?? 'all' },
    { title: 'from', align: 'left', rank: 0, text: (gap) => zone.local(gap.from) },
    { title: 'to', align: 'left', rank: 0, text: (gap) => zone.local(gap.to) },
    { title: 'cause', align: 'left', rank: 0, text: (gap) => gap.cause, paint: (_, p) => p.warning },
    { title: 'volume', align: 'right', rank: 3, text: (gap) => amount(gap.volume) },
    { title: 'filled by', align: 'left', rank: 2, text: (gap) => gap.filled_by ?? NONE },
  ]
}
