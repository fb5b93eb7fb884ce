import type { AlertMark } from '../../core/dashboard/protocol.ts'
import { clock } from '../clock.ts'
import { type Desk, nameOf } from '../desk/desk.ts'
import { arrange, element, Field, make } from '../dom.ts'
import { percent, ratio } from '../figures.ts'
import { isChinese, text } from '../texts/texts.ts'

/** The alerts of the day, newest first; new ones are spoken to who listens instead of looking. */
export class Alerts {
  readonly #list = element('alerts-list')
  readonly #none = new Field(element('alerts-none'))
  readonly #count = new Field(element('alerts-count'))
  readonly #spoken = element('spoken')
  readonly #onChosen: (symbol: string) => void
  readonly #fresh = new Set<AlertMark>()
  readonly #entries = new Map<AlertMark, HTMLElement>()
  #revision = -1
  #words = -1

  constructor(onChosen: (symbol: string) => void) {
    this.#onChosen = onChosen
  }

  /** Alerts that nobody has seen yet. */
  get unseen(): number {
    return this.#fresh.size
  }

  announce(marks: readonly AlertMark[], desk: Desk): void {
    for (const mark of marks) if (mark.event === 'enter') this.#fresh.add(mark)
    const spoken = marks.filter(({ event }) => event === 'enter').map((mark) => spokenOf(mark, desk))
    if (spoken.length > 0) this.#spoken.replaceChildren(...spoken.slice(-5).map((words) => make('p', '', words)))
  }

  /** Somebody was at the page. */
  markSeen(): void {
    if (this.#fresh.size === 0) return
    this.#fresh.clear()
    this.#revision = -1
  }

  paint(desk: Desk): void {
    const { alerts, words } = desk.revisions
    if (alerts === this.#revision && words === this.#words) return
    if (words !== this.#words) this.#entries.clear()
    this.#revision = alerts
    this.#words = words
    const shown = new Set(desk.alerts)
    for (const mark of this.#entries.keys()) if (!shown.has(mark)) this.#entries.delete(mark)
    for (const mark of this.#fresh) if (!shown.has(mark)) this.#fresh.delete(mark)
    arrange(
      this.#list,
      desk.alerts.toReversed().map((mark) => this.#entryOf(mark, desk)),
    )
    this.#none.set(shown.size === 0 ? text('alerts.none') : '')
    this.#count.set(this.#fresh.size > 0 ? String(this.#fresh.size) : '')
  }

  #entryOf(mark: AlertMark, desk: Desk): HTMLElement {
    const entry = this.#entries.get(mark) ?? this.#entry(mark, desk)
    this.#entries.set(mark, entry)
    entry.dataset.fresh = String(this.#fresh.has(mark))
    return entry
  }

  #entry(mark: AlertMark, desk: Desk): HTMLElement {
    const { symbol, timestamp, event, volatility, threshold, volume_ratio } = mark
    const figures = `${percent(volatility)} / ${percent(threshold)}`
    const button = make(
      'button',
      'alert',
      make('time', 'alert-time', clock(timestamp)),
      make('span', 'alert-symbol', symbol),
      make('span', 'alert-name', nameOf(desk.rows.get(symbol), isChinese())),
      make('span', 'alert-event', text(`alert.${event}`)),
      make('span', 'alert-figures', event === 'enter' ? figures : ''),
      make(
        'span',
        'alert-volume',
        event === 'enter' && volume_ratio !== null ? `${text('turnover-ratio')} ${ratio(volume_ratio)}` : '',
      ),
    )
    button.type = 'button'
    button.dataset.event = event
    button.addEventListener('click', () => this.#onChosen(symbol))
    return make('li', 'alert-entry', button)
  }
}

/** An alert in one sentence. */
export function spokenOf({ symbol, timestamp, volatility, threshold }: AlertMark, desk: Desk): string {
  const name = nameOf(desk.rows.get(symbol), isChinese())
  const figures = { volatility: percent(volatility), threshold: percent(threshold) }
  return text('alert.spoken', { symbol, name, time: clock(timestamp), ...figures })
}
