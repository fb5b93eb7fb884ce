import { describeQueue } from '../contracts/queue.ts'
import { REDIS } from '../support/queues.ts'

await describeQueue(REDIS)
