import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openSink } from '../../src/core/address/open-sink.ts'
import { tick } from '../storage/sample.ts'

const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
/** Where nobody listens. */
const NOBODY = `127.0.0.1:${(server.address() as AddressInfo).port}`
server.close()

/** How many journals are left by recordings to these places. */
async function journalsOf(...addresses: readonly string[]): Promise<number> {
  const journals = mkdtempSync(join(tmpdir(), 'hkq-journals-'))
  onTestFinished(() => rmSync(journals, { recursive: true, force: true }))
  for (const address of addresses) {
    const sink = await openSink(address, { journals })
    await sink.write([tick()])
    await sink.close()
  }
  return readdirSync(journals).length
}

it.each(['redis', 'nats', 'postgres', 'influxdb'])(
  'a place of %s has one journal, whoever logs in there: what waited for a wrong password is found by the right one',
  async (scheme) => {
    const [at, place] = [`${scheme}://`, `${NOBODY}/market`]
    expect(await journalsOf(`${at}${place}`, `${at}me:wrong@${place}`, `${at}you@${place}`)).toBe(1)
  },
)

it('two places at one server have a journal each', async () => {
  expect(await journalsOf(...['q', 'q?db=1', 'r'].map((queue) => `redis://${NOBODY}/${queue}`))).toBe(3)
  expect(await journalsOf(`postgres://${NOBODY}/market`, `postgres://${NOBODY}/market?schema=other`)).toBe(2)
})
