import type { Dialect } from './dialect.ts'

/** What a plan allows: connections per token, codes per connection and kind, least time between connects. */
export interface PlanLimits {
  readonly connections: number
  readonly codes: number
  readonly reconnectMs: number
}

export type PlanName = 'free' | 'basic' | 'premium' | 'pro'

type Plans = Readonly<Record<PlanName, PlanLimits>>

/** Source: AllTick, WebSocket interface limitation. */
const ALLTICK: Plans = {
  free: { connections: 1, codes: 5, reconnectMs: 10_000 },
  basic: { connections: 1, codes: 100, reconnectMs: 3_000 },
  premium: { connections: 3, codes: 200, reconnectMs: 3_000 },
  pro: { connections: 10, codes: 3_000, reconnectMs: 3_000 },
}

/** Source: Infoway, WebSocket limitation; no pause between connects is told. */
const INFOWAY: Plans = {
  free: { connections: 1, codes: 10, reconnectMs: 0 },
  basic: { connections: 2, codes: 200, reconnectMs: 0 },
  premium: { connections: 4, codes: 600, reconnectMs: 0 },
  pro: { connections: 10, codes: 500, reconnectMs: 0 },
}

export const PLANS: Readonly<Record<Dialect, Plans>> = { alltick: ALLTICK, tutorial: ALLTICK, infoway: INFOWAY }

/** Least time between two requests of one connection. */
export const REQUEST_GAP_MS = 1_000

/** Counts connections per token and family of paths: one for stocks and one for forex count as one. */
export class Quota {
  readonly #plan: PlanLimits
  readonly #used = new Map<string, { open: number; connectedAt: number }>()

  constructor(plan: PlanLimits) {
    this.#plan = plan
  }

  /** Whether the plan has room for one more connection now (monotonic ms). One that is not admitted counts for pacing. */
  take(token: string, forex: boolean, now: number): boolean {
    const key = `${forex}:${token}`
    const used = this.#used.get(key) ?? { open: 0, connectedAt: Number.NEGATIVE_INFINITY }
    const fits = used.open < this.#plan.connections && now - used.connectedAt >= this.#plan.reconnectMs
    this.#used.set(key, { open: used.open + (fits ? 1 : 0), connectedAt: now })
    return fits
  }

  release(token: string, forex: boolean): void {
    const used = this.#used.get(`${forex}:${token}`)
    if (used) used.open -= 1
  }
}
