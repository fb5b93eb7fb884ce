import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMAND_NAMES } from '../../src/commands/_names.ts'
import { createPalette } from '../../src/core/terminal/palette.ts'
import { renderSummary } from '../../src/core/terminal/summary.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(resolve(ROOT, file), 'utf8')

function help(...command: string[]): string {
  const env = { PATH: process.env.PATH, COLUMNS: '100', NO_COLOR: '1' }
  return execFileSync(process.execPath, ['bin/hkq.js', ...command, '--help'], {
    cwd: ROOT,
    encoding: 'utf8',
    env,
  }).trimEnd()
}

describe('the help', () => {
  it('lists every command with its line', () => {
    for (const name of COMMAND_NAMES) expect(help()).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
  })

  it.each(COMMAND_NAMES)('of %s gives every option a word of explanation', (name) => {
    const options = help(name)
      .split('Options:\n')[1]!
      .split('\n')
      .filter((line) => /^ {2}-/.test(line))
    expect(options.length).toBeGreaterThan(1)
    for (const line of options) expect(line).toMatch(/^ {2}(-\w, )?--[\w-]+( <\S+>)? {2,}\S/)
  })

  it('is the command reference, word by word', () => {
    const reference = read('docs/commands.md')
    for (const name of ['', ...COMMAND_NAMES]) {
      expect(reference, `run npm run docs: ${name}`).toContain(`\`\`\`\n${help(...[name].filter(Boolean))}\n\`\`\``)
    }
  })

  it.each(['README.md', 'README.zh-CN.md'])('in %s is what the command prints', (file) => {
    for (const [, name, block] of read(file).matchAll(/<!-- help: ?([\w -]*?) ?-->\n```\n([\s\S]*?)\n```/g)) {
      expect(block, 'run npm run docs').toBe(help(...name!.split(' ').filter(Boolean)))
    }
  })
})

describe('the documents', () => {
  it.each(['README.md', 'README.zh-CN.md', 'docs/scaling.md'])('%s names commands and options that exist', (file) => {
    const used = [...read(file).matchAll(/^(?:\w*\$ +)?hkq ([a-z-]+)([^|>#\n]*)/gm)]
    expect(used.length).toBeGreaterThan(5)
    for (const [, name, rest] of used) {
      expect(COMMAND_NAMES).toContain(name)
      const page = help(name!)
      for (const [option] of rest!.matchAll(/--[a-z-]+/g)) expect(page, `${name} ${option}`).toContain(option)
    }
  })

  it('names tests and scripts that exist where it says what shows a promise', () => {
    const page = read('docs/guarantees.md')
    const tests = [...page.matchAll(/npx vitest run ([^`(]+)/g)].flatMap(([, paths]) => paths!.trim().split(' '))
    expect(tests.length).toBeGreaterThan(15)
    for (const path of tests.filter((name) => name.includes('/')))
      expect(existsSync(resolve(ROOT, path)), path).toBe(true)
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    for (const [, script] of page.matchAll(/npm run ([a-z]+)/g)) expect(scripts).toHaveProperty(script!)
  })

  it('link to files that exist', () => {
    const pages = readdirSync(resolve(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
    const files = ['README.md', 'README.zh-CN.md', 'CONTRIBUTING.md', ...pages.map((name) => `docs/${name}`)]
    for (const file of files) {
      for (const [, target] of read(file).matchAll(/\]\((?!https?:)([^)#]+)\)/g))
        expect(() => read(join(dirname(file), target!)), `${file} ${target}`).not.toThrow()
    }
  })

  it('show the summary of a recorder with all of its figures', () => {
    const run = {
      ...{
        source: 'alltick',
        received: 1,
        stored: 1,
        duplicates: 0,
        rejected: {},
        flagged: {},
        gaps: 0,
        reconnects: 0,
      },
      ...{ latency_p50: null, latency_p99: null, commit_p50: 1, commit_p99: 2, durability: 'process', bytes: 1 },
    }
    const text = renderSummary(run, createPalette(false))
    const labels = (summary: string): string[] =>
      [...summary.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, label]) => label!)
    const [, shown] = /^(summary of alltick\n[\s\S]*?)\n\n/m.exec(read('README.md'))!
    expect(labels(shown!)).toEqual(labels(text))
  })

  it('give the two set-up commands as they are', () => {
    for (const file of ['README.md', 'README.zh-CN.md']) {
      expect(read(file)).toContain('\nnpm ci && npm run demo\n')
      expect(read(file)).toContain('\nnpm ci && npm test\n')
    }
  })
})
