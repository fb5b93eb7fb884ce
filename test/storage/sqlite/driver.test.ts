import { afterEach, expect, it, vi } from 'vitest'

afterEach(() => vi.doUnmock('better-sqlite3'))

it('a driver without its native part is told in a line, without the places where it was looked for', async () => {
  vi.doMock('better-sqlite3', () => ({
    default: class {
      constructor() {
        throw new Error('Could not locate the bindings file. Tried:\n → /a/b.node\n → /c/d.node')
      }
    },
  }))
  const { loadDriver } = await import('../../../src/core/storage/sqlite/driver.ts')
  const message = "SQLite's driver does not load (Could not locate the bindings file): run npm rebuild better-sqlite3"
  await expect(loadDriver()).rejects.toMatchObject({ code: 'E_STORAGE', message })
})
