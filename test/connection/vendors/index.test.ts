import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { VENDORS } from '../../../src/core/connection/vendors/index.ts'

const folder = (path: string): string[] =>
  readdirSync(new URL(path, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)

describe('the vendor table', () => {
  it('names every file of the vendors folder', () => {
    const files = folder('../../../src/core/connection/vendors').filter((name) => name !== 'index.ts')
    expect(files.map((name) => name.replace('.ts', '')).sort()).toEqual(Object.keys(VENDORS).sort())
  })

  it('makes vendors of the name they are registered under', () => {
    for (const [name, make] of Object.entries(VENDORS)) expect(make({}).name).toBe(name)
  })

  it('has fixtures and a contract run for every vendor', () => {
    const tests = folder('.')
    for (const name of Object.keys(VENDORS)) {
      expect(tests).toContain(`${name}.test.ts`)
      expect(folder(`../../fixtures/${name}`)).toContain('frames.json')
    }
  })
})
