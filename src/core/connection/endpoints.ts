/** What is known of one endpoint. */
interface Health {
  readonly url: string
  /** Failures since it last delivered data. */
  failures: number
  /** How long its last connect took, ms; Infinity before the first. */
  connectMs: number
}

/** Failover by measured health: the endpoint with the fewest failures since its last data, then the fastest connect, then the vendor's order. */
export class Endpoints {
  readonly #all: readonly Health[]

  /** @param urls most preferred first, at least one */
  constructor(urls: readonly string[]) {
    this.#all = urls.map((url) => ({ url, failures: 0, connectMs: Number.POSITIVE_INFINITY }))
  }

  /** Where to connect next. */
  best(): string {
    return this.#all.reduce((a, b) => (isHealthier(b, a) ? b : a)).url
  }

  opened(url: string, connectMs: number): void {
    this.#of(url).connectMs = connectMs
  }

  delivered(url: string): void {
    this.#of(url).failures = 0
  }

  failed(url: string): void {
    this.#of(url).failures++
  }

  #of(url: string): Health {
    return this.#all.find((health) => health.url === url)!
  }
}

function isHealthier(a: Health, b: Health): boolean {
  return a.failures < b.failures || (a.failures === b.failures && a.connectMs < b.connectMs)
}
