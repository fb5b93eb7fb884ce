import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { build } from 'esbuild'
import { licencesOf } from './licences.js'
import { buildPage } from './page.js'

/** A package that is loaded from a file beside the one that asks for it. */
const beside = (name, path) => ({
  name,
  setup: ({ onResolve }) =>
    onResolve({ filter: new RegExp(`^${name}$`) }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path, external: true },
    ),
})

// dist/ holds the library as modules (with types), and the command as one minified file, which starts fastest, with others
// for its reading threads and for DuckDB, whose sixty files take twice as long to load. It is made aside and put in place
// whole, so that a command that runs meanwhile finds the old one.
const made = `dist-${process.pid}`
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', made], { stdio: 'inherit' })
const { metafile } = await build({
  entryPoints: {
    cli: 'src/cli.ts',
    'column-reader': 'src/core/storage/sqlite/column-reader.ts',
    duckdb: '@duckdb/node-api',
  },
  plugins: [beside('@duckdb/node-api', './duckdb.cjs')],
  outdir: made,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  supported: { 'dynamic-import': false },
  external: [
    '@duckdb/node-bindings',
    '@influxdata/influxdb-client',
    '@nats-io/jetstream',
    '@nats-io/transport-node',
    'better-sqlite3',
    'pg-native',
    'danfojs-node',
    'ioredis',
    'longbridge',
    'prom-client',
    'systeminformation',
    'bufferutil',
    'utf-8-validate',
  ],
  logLevel: 'warning',
  metafile: true,
})
const page = await buildPage(join(made, 'dashboard'))
writeFileSync(join(made, 'THIRD-PARTY.txt'), licencesOf([...Object.keys(metafile.inputs), ...page]))
// What V8 compiled, for bin/hkq.js: it refuses code of another version of its own. Text that is ASCII alone is read and
// checked in half the time.
const source = readFileSync(join(made, 'cli.cjs'), 'latin1')
const foreign = /[^\0-\x7f]+/.exec(source)
if (foreign)
  throw new Error(`the command is not ASCII: write ${JSON.stringify(foreign[0])} as \\u escapes in the source`)
const script = new Script(`(function (exports, require, module) {${source}\n})`)
writeFileSync(join(made, 'cli.cache'), script.createCachedData())
rmSync('dist', { recursive: true, force: true })
renameSync(made, 'dist')
