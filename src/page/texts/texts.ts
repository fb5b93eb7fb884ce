import { en, type Key, type Texts } from './en.ts'
import { zhHans } from './zh-hans.ts'
import { zhHant } from './zh-hant.ts'

export type { Key } from './en.ts'

export const LANGUAGES = ['en', 'zh-Hant', 'zh-Hans'] as const
export type Language = (typeof LANGUAGES)[number]

const TABLES: Readonly<Record<Language, Texts>> = { en, 'zh-Hant': zhHant, 'zh-Hans': zhHans }
let current: Language = 'en'

/** The language that texts are in now. */
export function language(): Language {
  return current
}

export function isChinese(): boolean {
  return current !== 'en'
}

export function speak(chosen: Language): void {
  current = chosen
}

/** A text in the language of the page, with `{name}` put in. What is put in is text and stays text. */
export function text(key: Key, values?: Readonly<Record<string, string | number>>): string {
  const words = TABLES[current][key]
  return values ? words.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? '')) : words
}

/** A text whose key is made of a word of the protocol; the word itself where there is none. */
export function textOf(group: 'feed' | 'flag' | 'cause' | 'state', word: string): string {
  const key = `${group}.${word}`
  return Object.hasOwn(TABLES[current], key) ? text(key as Key) : word
}

/** The language that a browser asks for: Chinese of the mainland and Singapore is simplified, other Chinese traditional. */
export function languageOf(wished: readonly string[]): Language {
  for (const tag of wished) {
    if (/^en\b/i.test(tag)) return 'en'
    if (/^zh\b/i.test(tag)) return /hans|-(cn|sg|my)\b/i.test(tag) || /^zh$/i.test(tag) ? 'zh-Hans' : 'zh-Hant'
  }
  return 'en'
}
