import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSink } from '../../src/core/address/open-sink.ts'
import { openSource } from '../../src/core/address/open-source.ts'
import { examined } from '../support/examined.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { isServed, NATS } from '../support/queues.ts'

describe.skipIf(!(await isServed(NATS)))('what another program keeps in JetStream', () => {
  it.each([
    [
      'that reads some subjects alone',
      { ack_policy: 'explicit', filter_subject: 'QUEUE.00005.HK' },
      /reads hkq_test_\w+\.00005\.HK alone/,
    ],
    ['that acknowledges nothing', { ack_policy: 'none' }, /does not acknowledge each entry \(ack policy none\)/],
    ['that gives up', { ack_policy: 'explicit', max_deliver: 3 }, /gives an entry up after 3 deliveries/],
  ] as const)('is refused as a group %s, and found by who looks before', async (_, config, says) => {
    const queue = NATS.name()
    const nats = await connect({ servers: NATS.at })
    onTestFinished(() => nats.close())
    const { streams, consumers } = await jetstreamManager(nats)
    await streams.add({ name: queue, subjects: [`${queue}.>`] })
    onTestFinished(() => NATS.remove(NATS.at, queue))
    const filter_subject = 'filter_subject' in config ? config.filter_subject.replace('QUEUE', queue) : `${queue}.>`
    await consumers.add(queue, { ...config, filter_subject, durable_name: 'store' })
    const address = `nats://${NATS.at}/${queue}?group=store`
    const options = { symbols: [], clock: new ManualClock(0), isKept: true, signal: new AbortController().signal }
    for (const open of [() => openSource(address, options), () => openSink(address)]) {
      await expect(open()).rejects.toMatchObject({
        code: 'E_STORAGE',
        message: expect.stringMatching(
          new RegExp(`the group "store" is a consumer of another program that ${says.source}: name another`),
        ),
      })
    }
    expect((await examined(address)).of('group')).toMatch(
      new RegExp(
        `^failure \\| .*the group "store" is a consumer .* that ${says.source} \\| name another \\(\\?group=NAME\\)$`,
      ),
    )
    expect((await examined(`nats://${NATS.at}/${queue}`)).of('group')).toBe(
      'ok | "hkq" is made when it is first used | ',
    )
  })

  it('is refused over TLS where the server speaks none, and nothing waits for it on disk', async () => {
    const message = expect.stringMatching(/^"nats:.*" speaks no TLS \(.*\): turn it on there, or leave tls=on out/)
    const journals = join(tmpdir(), NATS.name())
    await expect(openSink(`nats://${NATS.at}/${NATS.name()}?tls=on`, { journals })).rejects.toMatchObject({
      code: 'E_STORAGE',
      message,
    })
  })

  it('is refused with its stream where that keeps other subjects, or some of ours', async () => {
    const queue = NATS.name()
    const nats = await connect({ servers: NATS.at })
    onTestFinished(() => nats.close())
    const { streams } = await jetstreamManager(nats)
    const open = async (name: string, ...subjects: string[]) => {
      await streams.add({ name, subjects })
      onTestFinished(() => NATS.remove(NATS.at, name))
      const sink = await openSink(`nats://${NATS.at}/${name}`)
      await sink.close()
    }
    const isRefused = (says: RegExp) => ({ code: 'E_STORAGE', message: expect.stringMatching(says) })
    await expect(open(queue, `${queue}_other.>`)).rejects.toMatchObject(
      isRefused(/refuses \(.*\): another program keeps something else under this name; name another$/),
    )
    const [some, all, whole] = [`${queue}_some`, `${queue}_all`, `${queue}_whole`]
    await expect(open(some, `${some}.*`)).rejects.toMatchObject(
      isRefused(/keeps \w+_some\.\*, not \w+_some\.00700\.HK: have it keep \w+_some\.>, or name another$/),
    )
    await open(all, `${all}.*`, `${all}.*.HK`)
    await open(whole, `${whole}.>`)
  })
})
