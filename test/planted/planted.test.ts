import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BUGS } from './bugs.ts'

const ROOT = resolve(import.meta.dirname, '../..')

describe('the planted bugs (npm run plant shows that each is caught)', () => {
  it('are twenty at least, each under a name of its own', () => {
    expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length)
    expect(BUGS.length).toBeGreaterThanOrEqual(20)
  })

  it.each(BUGS)('$name: applies to the source as it is', ({ file, find, replace, tests }) => {
    const source = readFileSync(join(ROOT, 'src/core', file), 'utf8')
    expect(source.split(find)).toHaveLength(2)
    expect(replace).not.toBe(find)
    expect(tests.filter((test) => !existsSync(join(ROOT, 'test', test)))).toEqual([])
  })
})
