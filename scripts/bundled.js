// node scripts/bundled.js FILE.ts [ARGUMENTS]: runs a TypeScript file of the tests with a plain node of any supported version.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const [entry] = process.argv.splice(2, 1)
const folder = mkdtempSync(join(tmpdir(), 'hkq-bundle-'))
const outfile = join(folder, 'bundle.mjs')
try {
  await build({
    entryPoints: [entry],
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
