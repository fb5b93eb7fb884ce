import type { Depth as Book } from '../../core/dashboard/protocol.ts'
import type { Level } from '../../core/market/event.ts'
import { dayNumber } from '../../core/market/time.ts'
import { clockOn } from '../clock.ts'
import type { Desk } from '../desk/desk.ts'
import type { Watched } from '../desk/watched.ts'
import { element, Field, make } from '../dom.ts'
import { amount, price, share, tone } from '../figures.ts'
import { text } from '../texts/texts.ts'

const LEVELS = 10
const EMPTY: Book = { timestamp: 0, bids: [], asks: [] }

/** One side of one level. */
interface Cells {
  readonly price: Field
  readonly size: Field
}

/** Ten levels of the book, bids beside asks, with a bar for the size of each. */
export class DepthPanel {
  readonly #bids: Cells[] = []
  readonly #asks: Cells[] = []
  readonly #time = new Field(element('depth-time'))
  readonly #note = new Field(element('depth-note'))
  readonly #bidShare = new Field(element('depth-bid-share'))
  readonly #askShare = new Field(element('depth-ask-share'))
  readonly #balance = element('depth-balance')
  readonly #table = element('depth-table')
  #watched: Watched | null = null
  #revision = -1
  #words = -1
  /** The Hong Kong day of the present. */
  #day = Number.NaN

  constructor() {
    const body = element('depth-rows')
    for (let level = 1; level <= LEVELS; level++) {
      const header = make('th', 'depth-level', String(level))
      header.scope = 'row'
      const [bid, ask] = [cells('bid'), cells('ask')]
      this.#bids.push(bid)
      this.#asks.push(ask)
      const row = [bid.size, bid.price, header, ask.price, ask.size]
      body.append(make('tr', '', ...row.map((cell) => (cell instanceof Field ? cell.element : cell))))
    }
  }

  paint({ watched, rows, revisions, now }: Desk): void {
    if (watched === null) return
    const revision = watched.revisions.depth
    const isSame = watched === this.#watched && revision === this.#revision && revisions.words === this.#words
    if (isSame && dayNumber(now) === this.#day) return
    this.#day = dayNumber(now)
    this.#watched = watched
    this.#revision = revision
    this.#words = revisions.words
    const book = watched.depth ?? EMPTY
    this.#show(book, watched.decimals, rows.get(watched.symbol)?.prev_close ?? null)
    this.#time.set(isEmpty(book) ? '' : clockOn(book.timestamp, now))
  }

  #show(book: Book, decimals: number, before: number | null): void {
    const { bids, asks } = book
    this.#table.hidden = this.#balance.hidden = isEmpty(book)
    const most = Math.max(1, ...bids.map(sizeOf), ...asks.map(sizeOf))
    for (let i = 0; i < LEVELS; i++) {
      write(this.#bids[i]!, bids[i], { most, decimals, before })
      write(this.#asks[i]!, asks[i], { most, decimals, before })
    }
    const [bought, sold] = [total(bids), total(asks)]
    const part = bought + sold === 0 ? null : bought / (bought + sold)
    this.#bidShare.set(part === null ? '' : share(part))
    this.#askShare.set(part === null ? '' : share(1 - part))
    this.#balance.style.setProperty('--share', `${((part ?? 0.5) * 100).toFixed(1)}%`)
    this.#note.set(isEmpty(book) ? text('depth.none') : noteOf(book))
  }
}

function cells(side: 'bid' | 'ask'): Cells {
  return { price: new Field(make('td', `depth-price ${side}`)), size: new Field(make('td', `depth-size ${side}`)) }
}

interface Scale {
  readonly most: number
  readonly decimals: number
  readonly before: number | null
}

function write(cells: Cells, level: Level | undefined, { most, decimals, before }: Scale): void {
  const colour = level && before !== null ? tone(level[0] - before) : undefined
  cells.price.set(level ? price(level[0], decimals) : '', colour)
  cells.size.set(level ? amount(level[1]) : '')
  cells.size.element.style.setProperty('--share', `${level ? ((level[1] / most) * 100).toFixed(0) : 0}%`)
}

function isEmpty({ bids, asks }: Book): boolean {
  return bids.length === 0 && asks.length === 0
}

/** What is odd about its best prices, as before an auction's end. */
function noteOf({ bids: [bid], asks: [ask] }: Book): string {
  if (!bid || !ask || bid[0] < ask[0]) return ''
  return text(bid[0] === ask[0] ? 'flag.locked' : 'depth.crossed')
}

function sizeOf([, size]: Level): number {
  return size
}

function total(levels: readonly Level[]): number {
  return levels.reduce((sum, [, size]) => sum + size, 0)
}
