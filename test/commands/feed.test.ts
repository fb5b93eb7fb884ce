import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { liveAddresses } from '../../src/commands/_feed.ts'
import type { Io } from '../../src/commands/_io.ts'
import { announceRelay } from '../../src/commands/_relay.ts'
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
  announceRelay(io, { pid: process.pid, vendor: 'alltick', url, store: '' })
  const [{ params }] = await liveAddresses(undefined, {} as Setup, io)
  expect([params.get('endpoint'), params.get('token')]).toEqual([[url], ['off']])
})
