/** What can stand in the way of a write and pass by itself: no space, a disk that fails, another program's lock. */
export type Obstacle = 'full' | 'failing' | 'locked'

const OBSTACLES: readonly (readonly [RegExp, Obstacle])[] = [
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)$/, 'full'],
  // the file system is damaged: trying again makes it worse
  [/^SQLITE_IOERR(?!_CORRUPTFS)|^(EIO|EFBIG)$/, 'failing'],
  [/^SQLITE_(BUSY|LOCKED)/, 'locked'],
]

/** The obstacle that an error tells of, by SQLite's or the system's code of it or of its cause; null for any other error. */
export function obstacleIn(error: unknown): Obstacle | null {
  for (let each = error; each instanceof Error; each = each.cause) {
    const code = 'code' in each ? String(each.code) : ''
    const found = OBSTACLES.find(([pattern]) => pattern.test(code))
    if (found) return found[1]
  }
  return null
}
