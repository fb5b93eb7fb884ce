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
 * addresses (proxy included) and its header values, plain and percent-encoded.
 */
export function scrubber(
  urls: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): (text: string) => string {
  const secrets = new Set<string>()
  const add = (secret: string): void => {
    if (secret.length < 4) return
    for (const form of [secret, encodeURIComponent(secret), encodeURI(secret)]) secrets.add(form)
  }
  for (const url of urls) {
    if (!URL.canParse(url)) {
      add(url)
      continue
    }
    const { searchParams, search, username, password } = new URL(url)
    for (const part of search.slice(1).split('&')) add(part.slice(part.indexOf('=') + 1))
    for (const value of [...searchParams.values(), username, password]) add(value)
    for (const value of [username, password]) if (!/%(?![\da-f]{2})/i.test(value)) add(decodeURIComponent(value))
  }
  for (const value of Object.values(headers)) for (const word of [value, ...value.split(' ')]) add(word)
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length)
  return (text) => longestFirst.reduce((clean, secret) => clean.replaceAll(secret, '***'), text)
}
