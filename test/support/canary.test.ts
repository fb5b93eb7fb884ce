import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it, onTestFinished } from 'vitest'
import { CANARY, traces, tracesIn } from './canary.ts'

it.each([
  ['as it is', CANARY],
  ['percent-encoded', encodeURIComponent(CANARY)],
  ['in a query', new URLSearchParams({ token: CANARY }).toString()],
  ['in JSON', JSON.stringify({ token: CANARY })],
  ['in base64', Buffer.from(CANARY).toString('base64')],
  ['behind one byte in base64', Buffer.from(`.${CANARY}`).toString('base64')],
  ['behind two bytes in base64', Buffer.from(`u:${CANARY}`).toString('base64')],
  ['in hexadecimal', Buffer.from(CANARY).toString('hex')],
  ['in UTF-16', Buffer.from(CANARY, 'utf16le')],
])('the canary shows %s', (_, text) => {
  expect(traces(text)).toHaveLength(1)
  expect(traces('another text altogether')).toEqual([])
})

it('the canary shows in a file, its name, and what is compressed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hkq-canary-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'below'))
  writeFileSync(join(folder, 'below', 'plain.db'), `....${CANARY}`)
  writeFileSync(join(folder, 'packed.gz'), Buffer.concat([gzipSync('one'), gzipSync(CANARY)]))
  writeFileSync(join(folder, `named-${CANARY.replaceAll('/', '')}`), '')
  writeFileSync(join(folder, 'token'), CANARY)
  expect(tracesIn(folder)).toHaveLength(4)
  expect(tracesIn(folder, ['token'])).toHaveLength(3)
})
