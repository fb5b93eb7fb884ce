import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { liveAddresses } from '../../src/commands/_feed.ts'
import type { Io } from '../../src/commands/_io.ts'
import { announceRelay, findRelay } from '../../src/commands/_relay.ts'
import type { Setup } from '../../src/commands/_setup.ts'

it('a relay is asked without the token: whoever listens there may not be the recorder any more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hkq-relay-'))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  const io = { env: { XDG_RUNTIME_DIR: folder, HKQ_ALLTICK_TOKEN: 'secret' } } as unknown as Io
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/x`
  announceRelay(io, { pid: process.pid, vendor: 'alltick', url, store: '', durability: null })
  const [{ params }] = await liveAddresses(undefined, {} as Setup, io)
  expect([params.get('endpoint'), params.get('token')]).toEqual([[url], ['off']])
})

describe('the folder of announcements', () => {
  const relay = { pid: process.pid, vendor: 'alltick', url: 'ws://127.0.0.1:1/x', store: '', durability: null }
  const place = () => {
    const root = mkdtempSync(join(tmpdir(), 'hkq-relay-'))
    onTestFinished(() => rmSync(root, { recursive: true }))
    return { root, own: join(root, `hkq-${userInfo().uid}`), io: { env: { XDG_RUNTIME_DIR: root } } as unknown as Io }
  }

  it.each([
    ['a link to another', ({ own, root }: ReturnType<typeof place>) => symlinkSync(root, own)],
    [
      'everybody’s to write',
      ({ own }: ReturnType<typeof place>) => chmodSync(mkdirSync(own, { recursive: true })!, 0o777),
    ],
    ['a file', ({ own }: ReturnType<typeof place>) => writeFileSync(own, '')],
  ])('is not used where it is %s', async (_, prepare) => {
    const at = place()
    prepare(at)
    expect(() => announceRelay(at.io, relay)).toThrow(/is not a folder of your own|EEXIST/)
    expect(await findRelay(at.io, 'alltick')).toBeUndefined()
  })

  it('is written through no link that somebody has left in it', () => {
    const { own, root, io } = place()
    mkdirSync(own, { mode: 0o700 })
    const victim = join(root, 'victim')
    writeFileSync(victim, 'precious')
    symlinkSync(victim, join(own, `relay-alltick-${process.pid}.json.new`))
    const takeBack = announceRelay(io, relay)
    expect(readFileSync(victim, 'utf8')).toBe('precious')
    takeBack()
    expect(existsSync(join(own, `relay-alltick-${process.pid}.json`))).toBe(false)
  })

  it.each([
    ['no address', { ...relay, url: 'nonsense' }],
    ['another machine', { ...relay, url: 'wss://evil.example/x' }],
    ['no process', { ...relay, pid: 0 }],
    ['a group of processes', { ...relay, pid: -1 }],
    ['nothing', null],
    ['a list', []],
  ])('is cleared of what announces %s', async (_, content) => {
    const { own, io } = place()
    mkdirSync(own, { mode: 0o700 })
    const file = join(own, 'relay-alltick-5.json')
    writeFileSync(file, JSON.stringify(content))
    expect(await findRelay(io, 'alltick')).toBeUndefined()
    expect(existsSync(file)).toBe(false)
  })
})
