// npm run sim -- --seed N [--seeds COUNT] [--days DAYS] [--watch PATTERN]: trading days in simulated time, with faults.
// Bundled, so that a plain node of any supported version runs it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const folder = mkdtempSync(join(tmpdir(), 'hkq-sim-'))
try {
  const outfile = join(folder, 'sim.mjs')
  await build({
    entryPoints: [resolve(import.meta.dirname, '../test/simulation/run.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    external: ['bufferutil', 'utf-8-validate'],
    logLevel: 'warning',
  })
  await import(pathToFileURL(outfile).href)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
