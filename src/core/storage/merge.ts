/** One input of a merge: chunks of values, each input in the order of the merge. */
export type Input<T> = Iterator<readonly T[]> | AsyncIterator<readonly T[]>

interface Cursor<T> {
  readonly input: Input<T>
  readonly rank: number
  chunk: readonly T[]
  at: number
}

/**
 * Merges sorted inputs into one sorted sequence of batches, holding one chunk of each. Equal values come in the order of
 * their inputs. Leaving it leaves the inputs.
 */
export async function* mergeSorted<T>(
  inputs: readonly Input<T>[],
  compare: (a: T, b: T) => number,
  size: number,
): AsyncGenerator<T[]> {
  const heap: Cursor<T>[] = []
  const before = (a: Cursor<T>, b: Cursor<T>) => (compare(a.chunk[a.at]!, b.chunk[b.at]!) || a.rank - b.rank) < 0
  try {
    for (const [rank, input] of inputs.entries()) {
      const cursor = { input, rank, chunk: [], at: 0 }
      if (await refill(cursor)) rise(heap, heap.push(cursor) - 1, before)
    }
    yield* merged(heap, before, size)
  } finally {
    for (const input of inputs) await input.return?.()
  }
}

async function* merged<T>(
  heap: Cursor<T>[],
  before: (a: Cursor<T>, b: Cursor<T>) => boolean,
  size: number,
): AsyncGenerator<T[]> {
  let batch: T[] = []
  while (heap.length > 0) {
    const first = heap[0]!
    batch.push(first.chunk[first.at++]!)
    if (first.at === first.chunk.length && !(await refill(first))) {
      const last = heap.pop()!
      if (last !== first) heap[0] = last
    }
    sink(heap, before)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function refill<T>(cursor: Cursor<T>): Promise<boolean> {
  cursor.at = 0
  do {
    const next = await cursor.input.next()
    if (next.done) return false
    cursor.chunk = next.value
  } while (cursor.chunk.length === 0)
  return true
}

function rise<T>(heap: T[], from: number, before: (a: T, b: T) => boolean): void {
  for (let i = from; i > 0; ) {
    const parent = (i - 1) >> 1
    if (!before(heap[i]!, heap[parent]!)) return
    swap(heap, i, parent)
    i = parent
  }
}

function sink<T>(heap: T[], before: (a: T, b: T) => boolean): void {
  for (let i = 0; ; ) {
    let least = i
    for (const child of [2 * i + 1, 2 * i + 2]) {
      if (child < heap.length && before(heap[child]!, heap[least]!)) least = child
    }
    if (least === i) return
    swap(heap, i, least)
    i = least
  }
}

function swap<T>(heap: T[], a: number, b: number): void {
  const kept = heap[a]!
  heap[a] = heap[b]!
  heap[b] = kept
}
