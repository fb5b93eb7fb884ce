import { execFile } from 'node:child_process'
import { cpSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { BUGS, type Bug } from './bugs.ts'

/** What vitest's json reporter tells of one file. */
interface Report {
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

interface Verdict {
  readonly caught: boolean
  readonly words: string
}

const { values } = parseArgs({ options: { only: { type: 'string' }, by: { type: 'string' } } })
const out = (text: string): boolean => process.stdout.write(`${text}\n`)
const folder = resolve(`dist-planted-${process.pid}`)
let missed = 0
try {
  copy()
  for (const bug of BUGS.filter(({ name }) => name.includes(values.only ?? ''))) {
    const { caught, words } = await verdictOf(values.by ? { ...bug, tests: [values.by] } : bug)
    if (!caught) missed++
    out(`${caught ? 'caught' : 'MISSED'}  ${bug.name} (${bug.file})\n        ${words}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
out(missed === 0 ? 'every bug was caught' : `${missed} were not caught`)
process.exitCode = missed === 0 ? 0 : 1

/** The project in a folder of its own: links to its files, so that it costs nothing, and a patch breaks the link first. */
function copy(): void {
  for (const part of ['src', 'test']) {
    for (const entry of readdirSync(part, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const to = join(folder, entry.parentPath, entry.name)
      mkdirSync(dirname(to), { recursive: true })
      linkSync(join(entry.parentPath, entry.name), to)
    }
  }
  for (const file of ['package.json', 'tsconfig.json', 'vitest.config.ts']) cpSync(file, join(folder, file))
}

async function verdictOf(bug: Bug): Promise<Verdict> {
  const path = join(folder, 'src/core', bug.file)
  const source = readFileSync(path, 'utf8')
  const write = (text: string): void => {
    rmSync(path)
    writeFileSync(path, text)
  }
  write(source.replace(bug.find, () => bug.replace))
  const report = await run(bug.tests)
  write(source)
  return judge(report)
}

function run(tests: readonly string[]): Promise<Report | undefined> {
  const file = join(folder, 'report.json')
  const vitest = resolve('node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--root', folder, '--reporter=json', `--outputFile=${file}`]
  rmSync(file, { force: true })
  return new Promise((done) => {
    execFile(process.execPath, [...args, ...tests.map((test) => `test/${test}`)], { maxBuffer: 1 << 28 }, () => {
      try {
        done(JSON.parse(readFileSync(file, 'utf8')) as Report)
      } catch {
        done(undefined)
      }
    })
  })
}

/** Caught is a bug that an assertion fails on, or hkq's own error; that a file does not even load, or a test runs out of time, is not. */
function judge(report: Report | undefined): Verdict {
  if (report === undefined) return { caught: false, words: 'vitest told nothing' }
  const failed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
  const asserted = failed.find(({ failureMessages }) =>
    failureMessages.some((text) => /^(AssertionError|HkqError|Error: Property failed)/.test(text)),
  )
  if (asserted !== undefined) {
    const more = failed.length === 1 ? '' : ` (and ${failed.length - 1} more)`
    return { caught: true, words: `by "${asserted.fullName}"${more}` }
  }
  const why = failed[0]?.failureMessages[0] ?? report.testResults.find(({ message }) => message !== '')?.message
  return { caught: false, words: why?.split('\n')[0] ?? 'every test passed' }
}
