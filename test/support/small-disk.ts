import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Whether a test may make a disk. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mounts()

function mounts(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A disk of its own in `folder`, so small that it is soon full. */
export function smallDisk(folder: string, megabytes: number): string {
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk])
  onTestFinished(() => void execFileSync('umount', ['-l', disk]))
  return disk
}

/** Takes what room a disk has left by a file on it. */
export function fillUp(path: string): void {
  for (const size of [2 ** 20, 2 ** 14, 2 ** 12, 512]) {
    try {
      while (true) writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
    } catch {}
  }
  if (!existsSync(path)) throw new Error('the disk was full already')
}
