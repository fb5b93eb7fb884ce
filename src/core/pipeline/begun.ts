import type { Batches } from '../market/event.ts'

/** The same batches of a source that has begun: it connects, and keeps what comes, before it is first asked. */
export function begun(events: Batches): Batches {
  const iterator = events[Symbol.asyncIterator]()
  let first: ReturnType<typeof iterator.next> | undefined = iterator.next()
  first.catch(() => {})
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const next = first ?? iterator.next()
        first = undefined
        return next
      },
      return: async () => {
        // Not awaited: an idle source would answer only with its next event.
        iterator.return?.().catch(() => {})
        return { done: true, value: undefined }
      },
    }),
  }
}
