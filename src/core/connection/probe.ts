import { type Clock, systemClock } from '../clock.ts'
import { dial, type FailedPhase, type Timings } from './dial.ts'
import { remedyOf } from './remedy.ts'
import { withoutSecret } from './secret.ts'
import { checkEndpoint } from './socket.ts'

/** How an endpoint answered. Times are medians over the good samples, ms; null where that phase was not passed. */
export interface EndpointProbe {
  /** As given, without a token. */
  url: string
  /** Any HTTP answer counts: the way there works. */
  reached: boolean
  /** HTTP status of the answer: 101 is a WebSocket. */
  status: number | null
  dns: number | null
  tcp: number | null
  tls: number | null
  upgrade: number | null
  /** From the name to the answer. */
  total: number | null
  samples: number
  failed: FailedPhase | null
  /** What stands in the way, and what to do about it; null when nothing does. */
  remedy: string | null
}

export interface ProbeOptions {
  /** Connections made to each endpoint, one after the other; default 5. */
  samples?: number
  /** For each phase of a connection, ms; default 2,000. */
  timeoutMs?: number
  clock?: Clock
  signal?: AbortSignal
  /** The HTTP proxy for an address, undefined for none. */
  proxyFor?: (url: string) => string | undefined
  /** The environment variable of the secret that an endpoint may ask for; default AllTick's. */
  secretName?: string
  /** Called with each endpoint's result as it comes. */
  onResult?: (probe: EndpointProbe) => void
}

const MEASURES = ['dns', 'tcp', 'tls', 'upgrade', 'total'] as const
/** How long the others may still take when the first endpoint has answered: half of its time, at least this, ms. */
const GRACE = 20

/**
 * Measures WebSocket endpoints in parallel, each phase of the real way there: name, TCP, TLS, upgrade. Needs no token:
 * a refusal is an answer too.
 * @returns best first: WebSockets by time, other answers, then those not reached
 * @throws HkqError E_USAGE when an address is no WebSocket address
 */
export async function probeEndpoints(urls: readonly string[], options: ProbeOptions = {}): Promise<EndpointProbe[]> {
  urls.forEach(checkEndpoint)
  const probes = urls.map(async (url) => {
    const probe = await measure(url, options, () => {})
    options.onResult?.(probe)
    return probe
  })
  return (await Promise.all(probes)).sort(byRank)
}

/**
 * The best endpoint, as soon as it is known: when one has answered, the others get a short grace, and the least median
 * wins. A dead endpoint delays nothing. Null when none is reached.
 * @throws HkqError E_USAGE when an address is no WebSocket address
 */
export async function bestEndpoint(urls: readonly string[], options: ProbeOptions = {}): Promise<EndpointProbe | null> {
  urls.forEach(checkEndpoint)
  const { clock = systemClock, signal } = options
  const decided = new AbortController()
  const ends = signal ? AbortSignal.any([signal, decided.signal]) : decided.signal
  const started = clock.monotonic()
  const known = new Map<string, EndpointProbe>()
  const finished: Promise<unknown>[] = []
  const answers = urls.map(
    (url) =>
      new Promise<void>((resolve, reject) => {
        const tell = (probe: EndpointProbe): void => {
          known.set(url, probe)
          if (rankOf(probe) === 0) resolve()
        }
        finished.push(
          measure(url, { ...options, signal: ends }, tell)
            .then(tell)
            .finally(reject),
        )
      }),
  )
  const all = Promise.all(finished)
  await Promise.any(answers).then(
    () => Promise.race([all, clock.sleep(Math.max(GRACE, (clock.monotonic() - started) / 2), ends)]),
    () => {},
  )
  const best = [...known.values()].filter(({ reached }) => reached).sort(byRank)[0] ?? null
  decided.abort()
  return best
}

/** @param tell called with what is known after each sample */
async function measure(
  url: string,
  options: ProbeOptions,
  tell: (partial: EndpointProbe) => void,
): Promise<EndpointProbe> {
  const {
    samples = 5,
    timeoutMs = 2_000,
    clock = systemClock,
    signal,
    proxyFor = () => undefined,
    secretName,
  } = options
  const good: Timings[] = []
  let failed: FailedPhase | null = null
  for (let i = 0; i < samples && !signal?.aborted; i++) {
    const dialled = await dial(url, { timeoutMs, now: () => clock.monotonic(), proxy: proxyFor(url), signal })
    if ('failed' in dialled) {
      failed = dialled.failed
      if (good.length === 0) break
    } else {
      good.push(dialled)
      tell(probeOf(url, good, null, secretName))
    }
  }
  return probeOf(url, good, good.length === 0 ? failed : null, secretName)
}

function probeOf(
  url: string,
  good: readonly Timings[],
  failed: FailedPhase | null,
  secretName: string | undefined,
): EndpointProbe {
  const medians = Object.fromEntries(MEASURES.map((name) => [name, median(good.map((timings) => timings[name]))]))
  const status = good.at(-1)?.status ?? null
  return {
    url: withoutSecret(url),
    reached: good.length > 0,
    status,
    ...(medians as Record<(typeof MEASURES)[number], number | null>),
    samples: good.length,
    failed,
    remedy: remedyOf(url, status, failed, secretName),
  }
}

/** 0: a WebSocket, or one that only wants a token; 1: another HTTP answer; 2: not reached. */
function rankOf({ reached, status }: EndpointProbe): number {
  if (!reached) return 2
  return status === 101 || status === 401 || status === 403 ? 0 : 1
}

function byRank(a: EndpointProbe, b: EndpointProbe): number {
  return rankOf(a) - rankOf(b) || (a.total ?? 0) - (b.total ?? 0)
}

/** To the microsecond. */
function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2
  return Math.round(middle * 1_000) / 1_000
}
