import { INTERVALS, type Interval } from '../core/dashboard/protocol.ts'
import { LANGUAGES, type Language, languageOf, speak } from './texts/texts.ts'

export const THEMES = ['system', 'dark', 'light'] as const
export const COLOURS = ['hk', 'cn'] as const

export interface Choices {
  language: Language
  theme: (typeof THEMES)[number]
  colours: (typeof COLOURS)[number]
  sound: 'on' | 'off'
  notices: 'on' | 'off'
  every: Interval
  symbol: string
}

const SWITCH = ['off', 'on'] as const
const ALLOWED: { readonly [K in keyof Choices]: readonly Choices[K][] | null } = {
  language: LANGUAGES,
  theme: THEMES,
  colours: COLOURS,
  sound: SWITCH,
  notices: SWITCH,
  every: INTERVALS,
  symbol: null,
}

/** What the user has chosen, kept in this browser. */
export class Settings {
  readonly #choices: Choices
  readonly #onChange: (name: keyof Choices) => void

  /** @param onChange told what was chosen otherwise than before */
  constructor(onChange: (name: keyof Choices) => void) {
    this.#onChange = onChange
    const defaults: Choices = {
      ...{ language: languageOf(navigator.languages), theme: 'system', colours: 'hk', sound: 'off', notices: 'off' },
      ...{ every: '1m', symbol: '' },
    }
    this.#choices = Object.assign(defaults, kept())
    this.#apply()
  }

  get<K extends keyof Choices>(name: K): Choices[K] {
    return this.#choices[name]
  }

  set<K extends keyof Choices>(name: K, value: Choices[K]): void {
    if (this.#choices[name] === value) return
    this.#choices[name] = value
    try {
      localStorage.setItem(`hkq.${name}`, value)
    } catch {
      // A browser that keeps nothing: the choice holds until the page is closed.
    }
    this.#apply()
    this.#onChange(name)
  }

  /** Chooses what comes after the present choice. */
  next(name: 'language' | 'theme' | 'colours' | 'sound' | 'notices'): void {
    const allowed = ALLOWED[name] as readonly string[]
    const value = allowed[(allowed.indexOf(this.#choices[name]) + 1) % allowed.length]!
    this.set(name, value as never)
  }

  #apply(): void {
    const { language, theme, colours } = this.#choices
    speak(language)
    const root = document.documentElement
    root.lang = language
    root.dataset.theme = theme
    root.dataset.colours = colours
  }
}

function kept(): Partial<Choices> {
  const found: Record<string, string> = {}
  try {
    for (const [name, allowed] of Object.entries(ALLOWED)) {
      const value = localStorage.getItem(`hkq.${name}`)
      if (value !== null && (allowed === null || (allowed as readonly string[]).includes(value))) found[name] = value
    }
  } catch {
    // A browser that keeps nothing has no choices.
  }
  return found
}
