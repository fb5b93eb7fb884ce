import type { Batches } from '../market/event.ts'

/** The same batches; `look` sees each one on its way. An error of `look` ends the stream. */
export async function* tap<E>(
  source: Batches<E>,
  look: (batch: readonly E[]) => void | Promise<void>,
): AsyncGenerator<readonly E[]> {
  for await (const batch of source) {
    await look(batch)
    yield batch
  }
}
