/** The address without anything that could be secret: no user, no query. */
export function redactUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null
  return parsed === null ? '(unreadable address)' : `${parsed.protocol}//${parsed.host}${parsed.pathname}`
}

/** The address as it may be shown: without the token or key that a pasted one may carry. */
export function withoutSecret(address: string): string {
  if (!/[?&](token|apikey)=/i.test(address) || !URL.canParse(address)) return address
  const url = new URL(address)
  for (const name of [...url.searchParams.keys()]) if (/^(token|apikey)$/i.test(name)) url.searchParams.delete(name)
  return url.href
}

/**
 * A function that takes every secret of a connection out of a text: the query values, user and password of its
 * addresses (proxy included) and its header values, however each of their characters is written: as it is,
 * percent-encoded, escaped as in JSON; and the whole in base64.
 */
export function scrubber(
  urls: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): (text: string) => string {
  const secrets = new Set<string>()
  const add = (secret: string): void => {
    if (secret.length >= SHORTEST) secrets.add(secret)
  }
  for (const url of urls) {
    if (!URL.canParse(url)) {
      add(url)
      continue
    }
    const { searchParams, search, username, password } = new URL(url)
    for (const part of search.slice(1).split('&')) add(part.slice(part.indexOf('=') + 1))
    for (const value of searchParams.values()) add(value)
    for (const value of [username, password, `${username}:${password}`]) for (const form of decoded(value)) add(form)
  }
  for (const value of Object.values(headers)) for (const word of [value, ...value.split(' ')]) add(word)
  if (secrets.size === 0) return (text) => text
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.flatMap((secret) => [anyWriting(secret), ...inBase64(secret)]).join('|'), 'g')
  return (text) => text.replace(pattern, '***')
}

/** Shorter texts are no secrets, and hiding them would hide too much. */
const SHORTEST = 4

function decoded(value: string): string[] {
  return /%(?![\da-f]{2})/i.test(value) ? [value] : [value, decodeURIComponent(value)]
}

/** Pattern of a text of which each character may be written in its own way. */
function anyWriting(text: string): string {
  return [...text].map(anyWritingOf).join('')
}

function anyWritingOf(character: string): string {
  const percent = /[\ud800-\udfff]/.test(character) ? [] : [percentEncoded(character)]
  const plus = character === ' ' ? ['\\+'] : []
  const escaped = [...Array(character.length).keys()]
    .map((unit) => `\\\\{1,3}u${hex(character.charCodeAt(unit), 4)}`)
    .join('')
  return `(?:${[`\\\\{0,3}${literal(character)}`, ...percent, ...plus, escaped].join('|')})`
}

/** Once or, as an address within an address, twice. */
function percentEncoded(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%(?:25)?${hex(byte, 2)}`).join('')
}

/** A number in hexadecimal digits of either case. */
function hex(number: number, digits: number): string {
  const text = number.toString(16).padStart(digits, '0')
  return text.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
}

function literal(text: string): string {
  return text.replace(/[$()*+./?[\\\]^{|}-]/g, '\\$&')
}

function inBase64(secret: string): string[] {
  const text = Buffer.from(secret).toString('base64').replace(/=+$/, '')
  return [text, text.replaceAll('+', '-').replaceAll('/', '_')].map(literal)
}
