import { toJson } from '../market/json.ts'
import type { Answer } from './health-server.ts'
import { PROMETHEUS_TYPE, prometheusText } from './prometheus.ts'
import type { RecorderWatch } from './recorder-watch.ts'

/** The pages of a recorder: `/healthz`, its record as JSON, with 503 where it fails; `/metrics` for Prometheus. */
export function pagesOf(watch: RecorderWatch): Readonly<Record<string, () => Promise<Answer>>> {
  return {
    '/healthz': async () => {
      const record = watch.record()
      const status = record.state === 'failing' ? 503 : 200
      return { status, type: 'application/json; charset=utf-8', body: `${toJson(record)}\n` }
    },
    '/metrics': async () => ({
      status: 200,
      type: PROMETHEUS_TYPE,
      body: await prometheusText(watch.record(), watch.vitals, watch.usage),
    }),
  }
}
