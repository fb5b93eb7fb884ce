import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

interface Locked {
  version?: string
  resolved?: string
  integrity?: string
  link?: boolean
  dev?: boolean
  devOptional?: boolean
  optional?: boolean
  peer?: boolean
  hasInstallScript?: boolean
}

const lock = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package-lock.json'), 'utf8')) as {
  lockfileVersion: number
  packages: Record<string, Locked>
}
const packages = Object.entries(lock.packages).filter(([path]) => path !== '')
/** What comes with `npm install hkq`. */
const shipped = packages.filter(([, { dev, devOptional, peer }]) => !dev && !devOptional && !peer)

const namesOf = (found: typeof packages): string[] => found.map(([path]) => path.replace(/^.*node_modules\//, ''))

/** Without `resolved` a package is the registry's. */
describe('the lockfile', () => {
  it('takes every package from the registry alone, with the hash of what it must be', () => {
    const strange = packages.filter(
      ([, { resolved = '', integrity = '' }]) =>
        !/^(?:https:\/\/registry\.npmjs\.org\/[^?#]+\.tgz)?$/.test(resolved) ||
        !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity),
    )
    expect(namesOf(strange)).toEqual([])
    expect(packages.length).toBeGreaterThan(50)
  })

  it('links to no folder outside, and gives every package one exact version', () => {
    expect(namesOf(packages.filter(([path, { link }]) => link || !path.includes('node_modules/')))).toEqual([])
    expect(namesOf(packages.filter(([, { version = '' }]) => !/^\d+\.\d+\.\d+/.test(version)))).toEqual([])
  })

  it("ships no package that runs a script when it is installed but SQLite's driver", () => {
    expect(namesOf(shipped.filter(([, { hasInstallScript }]) => hasInstallScript))).toEqual(['better-sqlite3'])
    expect(shipped.length).toBeGreaterThan(7)
  })
})

it('the dependencies are exact versions of the registry', () => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>
  // DuckDB numbers the releases of its packages -r.N
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-r\.\d+)?$/)
})
