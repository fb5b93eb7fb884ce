import type { FeedState, Machine } from '../../core/dashboard/protocol.ts'
import { clockOn } from '../clock.ts'
import type { Desk } from '../desk/desk.ts'
import { element, Field, make } from '../dom.ts'
import { bytes, count, milliseconds, share } from '../figures.ts'
import { text, textOf } from '../texts/texts.ts'

/** One feed on the page. */
interface Line {
  readonly element: HTMLElement
  readonly name: Field
  readonly state: Field
  readonly figures: Field
}

/** State, lag and rate of each feed, and how the machine fares. */
export class Feeds {
  readonly #list = element('feeds-list')
  readonly #machine = new Field(element('machine'))
  #lines: Line[] = []
  #seen = { feeds: -1, machine: -1, words: -1 }

  paint({ feeds, machine, now, revisions }: Desk): void {
    const isTranslated = this.#seen.words !== revisions.words
    if (isTranslated || this.#seen.feeds !== revisions.feeds) this.#showFeeds(feeds, now)
    if ((isTranslated || this.#seen.machine !== revisions.machine) && machine) this.#machine.set(healthOf(machine))
    this.#seen = { feeds: revisions.feeds, machine: revisions.machine, words: revisions.words }
  }

  #showFeeds(feeds: readonly FeedState[], now: number): void {
    while (this.#lines.length > feeds.length) this.#lines.pop()!.element.remove()
    for (const [i, feed] of feeds.entries()) {
      const line = this.#lines[i] ?? this.#addLine()
      line.name.set(feed.source)
      line.state.set(textOf('feed', feed.state))
      line.element.dataset.state = feed.state
      line.element.title = `${feed.detail} (${clockOn(feed.since, now)})`.trim()
      line.figures.set(figuresOf(feed))
    }
  }

  #addLine(): Line {
    const [name, state, figures] = ['feed-name', 'feed-state', 'feed-figures'].map(
      (part) => new Field(make('span', part)),
    ) as [Field, Field, Field]
    const line = make('li', 'feed', name.element, state.element, figures.element)
    this.#list.append(line)
    const made = { element: line, name, state, figures }
    this.#lines.push(made)
    return made
  }
}

function figuresOf({ lag, rate, ticks, rejected, gaps }: FeedState): string {
  const parts = [
    `${count(rate)} ${text('rate')}`,
    `${text('lag')} ${milliseconds(lag)}`,
    `${count(ticks)} ${text('feed.ticks')}`,
  ]
  if (gaps > 0) parts.push(`${text('gaps')} ${count(gaps)}`)
  if (rejected > 0) parts.push(`${text('rejected')} ${count(rejected)}`)
  return parts.join(' · ')
}

function healthOf({ cpu, memory_used, memory_limit, disk_used, disk_size, loop_delay }: Machine): string {
  const parts = [
    `${text('cpu')} ${share(cpu)}`,
    `${text('memory')} ${bytes(memory_used)}${memory_limit === null ? '' : ` / ${bytes(memory_limit)}`}`,
    `${text('delay')} ${milliseconds(loop_delay)}`,
  ]
  if (disk_used !== null && disk_size !== null) parts.splice(2, 0, `${text('disk')} ${share(disk_used / disk_size)}`)
  return parts.join(' · ')
}
