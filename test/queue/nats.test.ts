import { describeQueue } from '../contracts/queue.ts'
import { NATS } from '../support/queues.ts'

await describeQueue(NATS)
