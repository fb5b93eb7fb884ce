import { toJson } from '../market/json.ts'
import type { Pages } from './health-server.ts'
import { PROMETHEUS_TYPE, prometheusText } from './prometheus.ts'
import type { Told } from './recorder-watch.ts'

/**
 * The pages of a recorder: `/healthz`, its record as JSON, with status 503 where it fails; `/metrics` for Prometheus.
 * @param told what there is to tell, asked at each request
 */
export function pagesOf(told: () => Promise<Told>): Pages {
  return {
    '/healthz': async () => {
      const { record } = await told()
      const status = record.state === 'failing' ? 503 : 200
      return { status, type: 'application/json; charset=utf-8', body: `${toJson(record)}\n` }
    },
    '/metrics': async () => ({ status: 200, type: PROMETHEUS_TYPE, body: await prometheusText(await told()) }),
  }
}
