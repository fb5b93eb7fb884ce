import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../src')

/** Floors from the top down: a file may import from its own floor or from a lower one, never upward. */
const FLOORS: readonly (readonly string[])[] = [
  ['cli.ts', 'index.ts', 'page'],
  ['commands'],
  ['core/address', 'core/dashboard', 'core/recorder.ts', 'core/warm-up', 'core/holes', 'core/side-by-side'],
  ['core/server', 'core/simulator', 'core/connection', 'core/storage', 'core/queue', 'core/terminal'],
  ['core/monitor'],
  ['core/statistics'],
  ['core/bars'],
  ['core/validation', 'core/pipeline', 'core/records'],
  ['core/market'],
  [
    'core/check.ts',
    'core/clock.ts',
    'core/errors.ts',
    'core/nearest.ts',
    'core/loopback.ts',
    'core/make-folder.ts',
    'core/data-frame.ts',
    'core/describe.ts',
  ],
]

/** What the page, which runs in a browser, may take of core beside types: facts without any import of their own. */
const FACTS = ['core/dashboard/protocol.ts', 'core/market/event.ts', 'core/market/time.ts']

/** Siblings of one floor that must not know each other. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ['core/connection', 'core/storage'],
  ['core/storage', 'core/connection'],
  ['core/server', 'core/storage'],
  ['core/server', 'core/connection'],
  ['core/simulator', 'core/server'],
  ['core/simulator', 'core/connection'],
  ['core/connection', 'core/terminal'],
  ['core/storage', 'core/terminal'],
  ['core/storage', 'core/queue'],
  ['core/queue', 'core/connection'],
  ['core/queue', 'core/terminal'],
  ['core/server', 'core/terminal'],
  ['core/validation', 'core/pipeline'],
  ['core/side-by-side', 'core/connection'],
  ['core/side-by-side', 'core/storage'],
  ['core/dashboard', 'core/address'],
  ['core/dashboard', 'core/connection'],
  ['core/dashboard', 'core/queue'],
  ['core/dashboard', 'core/server'],
]

interface Import {
  from: string
  to: string
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const imports = files.flatMap(importsOf)

describe('the architecture', () => {
  it('lets every file stand on a known floor', () => {
    expect(files.filter((file) => floorOf(file) === -1)).toEqual([])
  })

  it('imports downward only', () => {
    expect(imports.filter(({ from, to }) => floorOf(to) < floorOf(from)).map(arrow)).toEqual([])
  })

  it('keeps strangers apart', () => {
    const met = imports.filter(({ from, to }) => STRANGERS.some(([a, b]) => inside(from, a) && inside(to, b)))
    expect(met.map(arrow)).toEqual([])
  })

  it('gives the page of core nothing but types and facts, and the page to nobody', () => {
    const ofPage = files.filter((file) => file.startsWith('page/')).flatMap(valuesOf)
    expect(ofPage.filter(({ to }) => to.startsWith('core/') && !FACTS.includes(to)).map(arrow)).toEqual([])
    expect(FACTS.flatMap(valuesOf).map(arrow)).toEqual([])
    expect(imports.filter(({ from, to }) => inside(to, 'page') && !inside(from, 'page')).map(arrow)).toEqual([])
  })

  it('has no circle of imports between folders of core', () => {
    expect(circles()).toEqual([])
  })

  it('never prints, exits or reads the environment in core', () => {
    const guilty = files
      .filter((file) => file.startsWith('core/'))
      .filter((file) => /\bprocess\.(env|exit|stdout|stderr|argv)\b|\bconsole\.|\bMath\.random\(/.test(code(file)))
    expect(guilty).toEqual([])
  })

  it('asks the machine for the time in the system clock alone', () => {
    const pure = files.filter((file) => /^core\/(market|statistics|bars|validation|pipeline|simulator)\//.test(file))
    expect(
      pure.filter((file) => /\bDate\.now\(|performance\.now\(|\bsetTimeout\(|\bsetInterval\(/.test(code(file))),
    ).toEqual([])
  })
})

function importsOf(file: string): Import[] {
  const found = code(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)
  return [...found]
    .filter(([, path]) => path!.endsWith('.ts'))
    .map(([, path]) => ({ from: file, to: relative(SRC, join(SRC, dirname(file), path!)) }))
}

/** Imports that are left when types are gone. */
function valuesOf(file: string): Import[] {
  const types = code(file).matchAll(/^(?:import|export) type [^'"]*from '([^']+)'/gm)
  const named = [...types].map(([, path]) => relative(SRC, join(SRC, dirname(file), path!)))
  return importsOf(file).filter(({ to }) => !named.includes(to))
}

function code(file: string): string {
  return readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
}

function floorOf(file: string): number {
  return FLOORS.findIndex((floor) => floor.some((place) => inside(file, place)))
}

function inside(file: string, place: string): boolean {
  return file === place || file.startsWith(`${place}/`)
}

function arrow({ from, to }: Import): string {
  return `${from} -> ${to}`
}

function circles(): string[] {
  const folder = (file: string): string => file.split('/').slice(0, 2).join('/')
  const edges = new Map<string, Set<string>>()
  for (const { from, to } of imports.filter(({ from }) => from.startsWith('core/'))) {
    if (folder(from) !== folder(to)) edges.set(folder(from), (edges.get(folder(from)) ?? new Set()).add(folder(to)))
  }
  const reaches = (a: string, b: string, seen = new Set<string>()): boolean =>
    [...(edges.get(a) ?? [])].some((next) => next === b || (!seen.has(next) && reaches(next, b, seen.add(next))))
  return [...edges.keys()].filter((place) => reaches(place, place))
}
