import { INTERVALS, type Interval } from '../core/dashboard/protocol.ts'
import { element, make } from './dom.ts'
import type { Choices, Settings } from './settings.ts'
import { text } from './texts/texts.ts'

const SYMBOLS = { system: '◐', dark: '☾', light: '☀' } as const

/** The buttons at the top and the intervals, and what they show of the settings. */
export class Buttons {
  readonly #settings: Settings
  readonly #intervals = new Map<Interval, HTMLButtonElement>()

  constructor(settings: Settings) {
    this.#settings = settings
    for (const name of ['theme', 'colours', 'sound', 'notices'] as const) {
      element(name).addEventListener('click', () => settings.next(name))
    }
    const language = element<HTMLSelectElement>('language')
    language.addEventListener('change', () => settings.set('language', language.value as Choices['language']))
    const help = element<HTMLDialogElement>('help')
    element('help-open').addEventListener('click', () => help.showModal())
    element('help-close').addEventListener('click', () => help.close())
    element('intervals').append(...INTERVALS.map((every) => this.#interval(every)))
    this.show()
  }

  /** Shows what is chosen. */
  show(): void {
    const settings = this.#settings
    const [theme, colours] = [settings.get('theme'), settings.get('colours')]
    element<HTMLSelectElement>('language').value = settings.get('language')
    label('theme', SYMBOLS[theme], text(`theme.${theme}`))
    label('colours', '', text(`colours.${colours}`))
    for (const name of ['sound', 'notices'] as const) {
      const isOn = settings.get(name) === 'on'
      element(name).setAttribute('aria-pressed', String(isOn))
      label(name, '', `${text(name)}: ${text(settings.get(name))}`)
    }
    for (const [every, button] of this.#intervals) {
      button.setAttribute('aria-pressed', String(every === settings.get('every')))
    }
  }

  #interval(every: Interval): HTMLButtonElement {
    const button = make('button', 'interval', every)
    button.type = 'button'
    button.addEventListener('click', () => this.#settings.set('every', every))
    this.#intervals.set(every, button)
    return button
  }
}

function label(id: string, symbol: string, words: string): void {
  const button = element(id)
  if (symbol !== '') button.textContent = symbol
  button.title = words
  button.setAttribute('aria-label', words)
}
