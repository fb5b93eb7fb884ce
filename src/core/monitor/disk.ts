import { stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** A disk: bytes in use, and bytes that its user may fill in all (what is kept for root is neither). */
export interface Disk {
  readonly used: number
  readonly size: number
  /** The device's number. */
  readonly device: number
}

/** The disk that `path` lies on, or will; null where it does not tell. */
export async function diskOf(path: string): Promise<Disk | null> {
  for (let place = resolve(path); ; place = dirname(place)) {
    try {
      const [{ bsize, blocks, bfree, bavail }, { dev }] = await Promise.all([statfs(place), stat(place)])
      const used = (blocks - bfree) * bsize
      return { used, size: used + bavail * bsize, device: dev }
    } catch {
      if (place === dirname(place)) return null
    }
  }
}
