import { inReadingOrder, type Stored } from '../reading-order.ts'

const BATCH = 4_096

interface Head {
  readonly stream: AsyncIterator<readonly Stored[]>
  chunk: readonly Stored[]
  at: number
}

/** Sorted streams as one, in batches; equal ones in the order of their streams. Leaving it leaves the streams. */
export async function* mergedInOrder(
  streams: readonly AsyncIterator<readonly Stored[]>[],
): AsyncGenerator<readonly Stored[]> {
  try {
    const heads: Head[] = await Promise.all(streams.map(async (stream) => ({ stream, ...(await chunkOf(stream)) })))
    let batch: Stored[] = []
    while (true) {
      const [first, ...others] = heads.filter(({ chunk }) => chunk.length > 0).sort(compareHeads)
      if (first === undefined) break
      // as far as no other stream has something before it
      do batch.push(first.chunk[first.at++]!)
      while (first.at < first.chunk.length && batch.length < BATCH && others.every((other) => isBefore(first, other)))
      if (first.at === first.chunk.length) Object.assign(first, await chunkOf(first.stream))
      if (batch.length < BATCH) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  } finally {
    await Promise.all(streams.map((stream) => stream.return?.()))
  }
}

/** Array.sort is stable: equal heads stay in the order of their streams. */
function compareHeads(a: Head, b: Head): number {
  return inReadingOrder(a.chunk[a.at]!, b.chunk[b.at]!)
}

function isBefore(a: Head, b: Head): boolean {
  return compareHeads(a, b) < 0
}

/** The next chunk with something in it; an empty one at the end. */
async function chunkOf(stream: AsyncIterator<readonly Stored[]>): Promise<{ chunk: readonly Stored[]; at: number }> {
  while (true) {
    const { done, value } = await stream.next()
    if (done) return { chunk: [], at: 0 }
    if (value.length > 0) return { chunk: value, at: 0 }
  }
}
