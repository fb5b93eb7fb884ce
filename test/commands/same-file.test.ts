import { linkSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Io } from '../../src/commands/_io.ts'
import { refuseSameFile } from '../../src/commands/_same-file.ts'
import { parseAddress } from '../../src/core/address/address.ts'

let folder: string
const at = (name: string): string => join(folder, name)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hkq-same-'))
  writeFileSync(at('a.ndjson'), '{}\n')
})
afterEach(() => rmSync(folder, { recursive: true }))

function check(from: string, to: string, standard: { in?: string; out?: string } = {}): () => void {
  const stream = (name: string | undefined): object => (name === undefined ? {} : { fd: openSync(at(name), 'a+') })
  const io = { stdin: stream(standard.in), stdout: stream(standard.out) } as unknown as Io
  return () => refuseSameFile([parseAddress(from, 'source')], [parseAddress(to, 'sink')], io)
}

describe('a file is not written into while it is read', () => {
  const refusal = /is both source and sink: name another/

  it('by its own name or another spelling of it', () => {
    expect(check(at('a.ndjson'), `ndjson:${folder}/./a.ndjson`)).toThrow(refusal)
    expect(check(at('new.db'), `sqlite:${at('new.db')}`)).toThrow(refusal)
  })

  it('by a link, hard or symbolic', () => {
    linkSync(at('a.ndjson'), at('hard.ndjson'))
    symlinkSync(at('a.ndjson'), at('soft.ndjson'))
    expect(check(at('a.ndjson'), at('hard.ndjson'))).toThrow(refusal)
    expect(check(at('soft.ndjson'), at('a.ndjson'))).toThrow(refusal)
  })

  it('by standard output that was sent into it, or standard input that comes from it', () => {
    expect(check(at('a.ndjson'), '-', { out: 'a.ndjson' })).toThrow(refusal)
    expect(check('-', at('a.ndjson'), { in: 'a.ndjson' })).toThrow(refusal)
    expect(check('-', '-', { in: 'a.ndjson', out: 'a.ndjson' })).toThrow(refusal)
  })
})

it('other files, pipes, devices and feeds are no matter', () => {
  writeFileSync(at('b.ndjson'), '{}\n')
  expect(check(at('a.ndjson'), at('b.ndjson'))).not.toThrow()
  expect(check(at('a.ndjson'), '-', { out: 'b.ndjson' })).not.toThrow()
  expect(check('-', '-')).not.toThrow()
  expect(check('sim:', '-')).not.toThrow()
})
