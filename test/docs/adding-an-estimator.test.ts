import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import type { Estimator } from '../../src/core/statistics/estimators/estimator.ts'
import { ESTIMATORS } from '../../src/core/statistics/estimators/index.ts'
import { EstimatorWindow } from '../../src/core/statistics/rolling-volatility.ts'
import { estimatorContract } from '../contracts/estimator.ts'
import { workdir } from '../e2e/hkq.ts'
import { blocksOf, ROOT, textOf } from './blocks.ts'

const PAGE = 'docs/adding-an-estimator.md'
const ESTIMATORS_FOLDER = resolve(ROOT, 'src/core/statistics/estimators')
const [code] = blocksOf(PAGE, 'ts')

/** The page's estimator, bundled in memory as if its file lay beside the others. */
async function exampleOf(contents: string): Promise<Estimator> {
  const { outputFiles } = await build({
    stdin: { contents, loader: 'ts', resolveDir: ESTIMATORS_FOLDER },
    ...{ bundle: true, write: false, format: 'esm', platform: 'node' },
  })
  const module = (await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`
  )) as {
    medianRealized: Estimator
  }
  return module.medianRealized
}

const example = await exampleOf(code!)

describe('the example of the page on adding an estimator', () => {
  estimatorContract(example)

  it('is one that hkq does not have', () => {
    expect(ESTIMATORS.map(({ name }) => name)).not.toContain(example.name)
  })

  it('compiles as strictly as the rest', () => {
    const folder = workdir()
    writeFileSync(join(folder, 'example.ts'), code!)
    const compilerOptions = { rootDirs: [folder, ESTIMATORS_FOLDER], typeRoots: [resolve(ROOT, 'node_modules/@types')] }
    const settings = { extends: resolve(ROOT, 'tsconfig.json'), compilerOptions, include: ['example.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const tsc = resolve(ROOT, 'node_modules/typescript/bin/tsc')
    expect(() => execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })).not.toThrow()
  })

  it('is the formula of its paper, and leaves a jump out', () => {
    const returns = [0.001, -0.002, 0.0015, 0.0005, -0.001, 0.01, -0.0008]
    const window = new EstimatorWindow(example, returns.length + 1)
    let close = 100
    for (const r of [0, ...returns]) {
      close *= Math.exp(r)
      window.push({ open: close, high: close, low: close, close })
    }
    const medians = [0.0015, 0.0015, 0.001, 0.001, 0.001]
    const sum = medians.reduce((total, median) => total + median ** 2, 0)
    const expected = ((Math.PI / (6 - 4 * Math.sqrt(3) + Math.PI)) * sum) / medians.length
    expect(window.volatility ** 2 / expected).toBeCloseTo(1, 9)
  })
})

describe('the page on adding an estimator', () => {
  it('tells every demand of the contract suite', () => {
    const suite = textOf('test/contracts/estimator.ts')
    const demands = [...suite.matchAll(/test\('([^']+)'/g)].map(([, title]) => title!)
    expect(demands.length).toBeGreaterThan(4)
    for (const demand of demands) {
      expect(textOf(PAGE)).toContain(`- It ${demand.replace('its name and source', 'its name')}`)
    }
  })
})
