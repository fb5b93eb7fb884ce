import type { Script } from './actor.ts'

interface Entry {
  readonly name: string
  readonly script: Script
  time: number
}

/** Scripts played in order of time, those of the same millisecond in order of name: a binary heap of who is next. */
export class Timeline {
  #heap: Entry[] = []

  /** When the next event is due, epoch ms; Infinity when every script has ended. */
  get next(): number {
    return this.#heap[0]?.time ?? Number.POSITIVE_INFINITY
  }

  /** Puts in a script that wants to go on at `time`. */
  add(name: string, script: Script, time: number): void {
    this.#heap.push({ name, script, time })
    this.#build()
  }

  remove(name: string): void {
    const entry = this.#heap.find((candidate) => candidate.name === name)
    if (entry === undefined) return
    this.#heap = this.#heap.filter((other) => other !== entry)
    this.#build()
  }

  /** Resumes the script that is next. */
  step(): void {
    const first = this.#heap[0]!
    const { value, done } = first.script.next()
    if (!done) first.time = value
    else {
      const last = this.#heap.pop()!
      if (last === first) return
      this.#heap[0] = last
    }
    this.#sink(0)
  }

  #build(): void {
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i)
  }

  #sink(from: number): void {
    const heap = this.#heap
    const entry = heap[from]!
    let at = from
    while (true) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (isBefore(entry, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = entry
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.name < b.name)
}
