import './page.css'
import type { AlertMark, Frame, Hello, Refusal, ServerMessage } from '../core/dashboard/protocol.ts'
import { CandleChart } from './chart/candle-chart.ts'
import { Buttons } from './controls.ts'
import { Desk } from './desk/desk.ts'
import { element } from './dom.ts'
import { listenToKeys } from './keyboard.ts'
import { PacedPanels } from './paced-panels.ts'
import { PaintLoop } from './paint-loop.ts'
import { Alerts, spokenOf } from './panels/alerts.ts'
import { Banner } from './panels/banner.ts'
import { DepthPanel } from './panels/depth.ts'
import { Feeds } from './panels/feeds.ts'
import { Headline } from './panels/headline.ts'
import { Signal } from './panels/signal.ts'
import { Strip } from './panels/strip.ts'
import { Tape } from './panels/tape.ts'
import { TickLine } from './panels/tick-line.ts'
import { Title } from './panels/title.ts'
import { WatchList } from './panels/watch-list.ts'
import { type Choices, Settings } from './settings.ts'
import { translateMarkup } from './static-texts.ts'
import { startTabs } from './tabs.ts'
import { text } from './texts/texts.ts'
import { Watching } from './watching.ts'
import { Connection } from './wire/connection.ts'
import { takeToken } from './wire/session.ts'

/** The page: what the server says goes to the desk, and what changed there is painted. */
class Page {
  readonly #desk = new Desk()
  readonly #settings = new Settings((name) => this.#changed(name))
  readonly #buttons = new Buttons(this.#settings)
  readonly #connection = new Connection({
    heard: (message) => this.#heard(message),
    lost: () => this.#lost(),
    refused: () => this.#refused(text('no-token')),
  })
  readonly #watching = new Watching((message) => this.#connection.send(message))
  readonly #loop = new PaintLoop({
    paint: (isNews) => this.#paint(isNews),
    paintHidden: () => this.#paintTitle(),
    painted: (n, rest) => this.#connection.send({ type: 'painted', n, ...(rest > 0 && { rest }) }),
  })
  readonly #chart = new CandleChart(element('candles'), (before) => this.#watching.older(before))
  readonly #ticks = new TickLine(element('tick-line'))
  readonly #watchList = new WatchList((symbol) => this.#choose(symbol))
  readonly #alerts = new Alerts((symbol) => this.#choose(symbol))
  readonly #headline = new Headline()
  readonly #panels = new PacedPanels([
    { pace: 0, paint: () => this.#headline.paint(this.#desk, this.#settings.get('symbol')) },
    { pace: 0, paint: () => this.#alerts.paint(this.#desk) },
    { pace: 30, paint: () => this.#paintChart() },
    { pace: 60, paint: this.#painter(new DepthPanel()) },
    { pace: 90, paint: this.#painter(new Tape()) },
    { pace: 90, paint: this.#painter(this.#ticks) },
    { pace: 100, paint: () => this.#watchList.paint(this.#desk, this.#settings.get('symbol')) },
    { pace: 250, paint: () => this.#paintTitle() },
    { pace: 250, paint: this.#painter(new Strip()) },
    { pace: 250, paint: this.#painter(new Feeds()) },
  ])
  readonly #banner = new Banner()
  readonly #title = new Title()
  readonly #signal = new Signal()
  readonly #showTab = startTabs()
  #line = { heardAt: null as number | null, isOpen: false, refusal: null as string | null }
  #build: string | null = null

  #painter(panel: { paint(desk: Desk): void }): () => void {
    return () => panel.paint(this.#desk)
  }

  start(): void {
    translateMarkup()
    this.#listen()
    takeToken()
    if (this.#settings.get('symbol') !== '') this.#watch()
    this.#connection.open()
    // The age of what is shown grows without any message.
    setInterval(() => this.#loop.wish(), 1_000)
    this.#loop.wish()
  }

  #heard(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.#greeted(message)
        break
      case 'frame':
        this.#framed(message)
        break
      case 'history':
        if (message.id !== this.#watching.id) break
        this.#line.refusal = null
        this.#desk.takeHistory(message)
        this.#panels.hurry()
        break
      case 'older':
        this.#desk.takeOlder(message)
        break
      case 'volatility':
        this.#desk.takeEarlier(message)
        break
      case 'refusal':
        this.#said(message)
        break
    }
    this.#loop.wish()
  }

  #framed(frame: Frame): void {
    this.#line = { ...this.#line, heardAt: Date.now(), isOpen: true }
    const fresh = this.#desk.takeFrame(frame)
    const { watched } = this.#desk
    if (watched !== null && frame.watched?.id === watched.id && watched.take(frame.watched)) this.#watching.renew()
    if (!this.#desk.rows.has(this.#settings.get('symbol'))) this.#chooseFirst()
    else if (this.#line.refusal !== null && this.#isWaiting()) this.#watching.renew()
    if (fresh.length > 0) this.#alarm(fresh)
    this.#loop.arrived(frame.n)
  }

  /** A server with other files than this page was made of: it is loaded anew. */
  #greeted(hello: Hello): void {
    this.#build ??= hello.build
    if (hello.build !== this.#build) location.reload()
    this.#line = { ...this.#line, isOpen: true, refusal: null }
    this.#desk.greet(hello)
    this.#watching.again()
  }

  #said({ id, reason }: Refusal): void {
    if (id === null || id === this.#watching.id) this.#refused(text('refused', { reason }))
  }

  #refused(words: string): void {
    this.#line.refusal = words
    this.#loop.wish()
  }

  #lost(): void {
    this.#line.isOpen = false
    this.#loop.forget()
  }

  #chooseFirst(): void {
    const first = this.#desk.rows.keys().next().value
    if (first !== undefined) this.#choose(first)
  }

  #choose(symbol: string): void {
    this.#settings.set('symbol', symbol)
    this.#showTab('chart')
  }

  #changed(name: keyof Choices): void {
    this.#buttons.show()
    if (name === 'symbol' || name === 'every') this.#watch()
    if (name === 'language') {
      translateMarkup()
      this.#buttons.show()
      this.#desk.revisions.words++
    }
    if (name === 'theme' || name === 'colours') this.#dress()
    if (name === 'sound' && this.#settings.get('sound') === 'on') this.#signal.sound()
    if (name === 'notices' && this.#settings.get('notices') === 'on') {
      void this.#signal.ask().then((may) => may || this.#settings.set('notices', 'off'))
    }
    this.#loop.wish()
  }

  #watch(): void {
    this.#watching.watch(this.#settings.get('symbol'), this.#settings.get('every'))
  }

  #dress(): void {
    this.#chart.dress()
    this.#ticks.dress()
    this.#loop.wish()
  }

  #alarm(marks: readonly AlertMark[]): void {
    this.#alerts.announce(marks, this.#desk)
    const begun = marks.filter(({ event }) => event === 'enter')
    if (begun.length === 0) return
    if (this.#settings.get('sound') === 'on') this.#signal.sound()
    if (this.#settings.get('notices') === 'on') this.#signal.notice(spokenOf(begun.at(-1)!, this.#desk))
  }

  #paint(isNews: boolean): boolean {
    return this.#panels.paint(performance.now(), isNews)
  }

  #paintChart(): void {
    this.#chart.paint(this.#desk)
    const isEmpty = this.#line.heardAt !== null && this.#desk.rows.size === 0
    element('desk').dataset.loading = String(this.#isWaiting() && !isEmpty)
  }

  /** Whether what is to be watched has not been told yet. */
  #isWaiting(): boolean {
    return this.#desk.watched?.id !== this.#watching.id
  }

  #paintTitle(): void {
    const isStale = this.#banner.paint(this.#line, this.#desk)
    this.#title.paint(this.#desk, this.#settings.get('symbol'), this.#alerts.unseen, isStale)
  }

  #listen(): void {
    const seen = (): void => {
      this.#alerts.markSeen()
      this.#loop.wish()
    }
    for (const sign of ['pointerdown', 'keydown']) document.addEventListener(sign, seen)
    matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => this.#dress())
    listenToKeys({
      move: (steps) => this.#step(steps),
      interval: (every) => this.#settings.set('every', every),
      scroll: (steps) => this.#chart.scroll(steps),
      zoom: (factor) => this.#chart.zoom(factor),
      toLatest: () => this.#chart.toLatest(),
      filter: () => this.#watchList.focusFilter(),
      clearFilter: () => this.#watchList.clearFilter(),
      next: (setting) => this.#settings.next(setting),
      help: () => element<HTMLDialogElement>('help').showModal(),
    })
  }

  #step(steps: number): void {
    const symbol = this.#watchList.neighbour(this.#settings.get('symbol'), steps)
    if (symbol !== undefined) this.#settings.set('symbol', symbol)
  }
}

new Page().start()
