import { choice, integer, number, orNull, type Records, text, truth } from './fields.ts'

/** What has been looked at before anything runs. */
export const SETUP: Records = {
  check: {
    name: text('what was looked at'),
    state: choice('how it stands', 'ok', 'warning', 'failure'),
    code: orNull(text('of a failure, as docs/exit-codes.md has it')),
    detail: text('what was found'),
    remedy: orNull(text('what to do about it')),
  },
  probe: {
    url: text('endpoint, without its token'),
    reached: truth('it answered, be it with an error'),
    status: orNull(integer('HTTP status; 101 is a WebSocket')),
    dns: orNull(number('ms')),
    tcp: orNull(number('ms')),
    tls: orNull(number('ms')),
    upgrade: orNull(number('ms')),
    total: orNull(number('ms, from the name to the answer')),
    samples: integer('good connections'),
    failed: orNull(text('phase that failed')),
    remedy: orNull(text('what stands in the way, and what to do')),
  },
}
