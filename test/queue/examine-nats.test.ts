import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSink } from '../../src/core/address/open-sink.ts'
import { tick } from '../storage/sample.ts'
import { examined } from '../support/examined.ts'
import { canServe, isServed, NATS, OwnServer } from '../support/queues.ts'

async function own(server = NATS, password?: string): Promise<OwnServer> {
  const running = await OwnServer.start(server, password)
  onTestFinished(() => running.end())
  return running
}

/** Another program, that talks to the server itself. */
async function streamsAt(at: string) {
  const nats = await connect({ servers: at })
  onTestFinished(() => nats.close())
  return (await jetstreamManager(nats)).streams
}

/** A server with these lines of configuration, and the arguments of its command. */
function configured(lines: string): typeof NATS {
  return {
    ...NATS,
    command: (port, folder) => {
      if (folder === '') return NATS.command(port, folder)
      const file = join(folder, 'nats.conf')
      writeFileSync(file, lines.replace('FOLDER', folder))
      return ['nats-server', ['-a', '127.0.0.1', '-p', String(port), '-c', file]]
    },
  }
}

describe.skipIf(!(await isServed(NATS)))('a NATS server that is looked at', () => {
  it('tells its version and that there is no stream yet, and has none made', async () => {
    const queue = NATS.name()
    const { of, names } = await examined(`nats://${NATS.at}/${queue}`)
    expect(of('queue')).toMatch(/^ok \| "nats:.*", NATS \d+\.\d+\.\d+: the first recording makes the stream \| $/)
    expect(of('limits')).toMatch(
      /^ok \| the account has \d+ streams, .*; it may have as much as the server allows \| $/,
    )
    expect(names).toEqual(['queue', 'limits'])
    await expect((await streamsAt(NATS.at)).info(queue)).rejects.toThrow(/not found/)
  })

  it('tells of a stream of ours where it is kept, and how', async () => {
    const queue = NATS.name()
    onTestFinished(() => NATS.remove(NATS.at, queue))
    const sink = await openSink(`nats://${NATS.at}/${queue}`)
    await sink.write([tick()])
    await sink.close()
    const { of } = await examined(`nats://${NATS.at}/${queue}`)
    expect(of('queue')).toMatch(/^ok \| .*, stream "hkq_test_\w+", 1 entries, 0 MiB of 1,024 MiB \| $/)
    expect(of('durability')).toMatch(/^ok \| storage file, replicas 1: a power cut may lose .*sync_interval/)
    expect(of('retention')).toBe('ok | retention limits, discard new | ')
    expect(of('group')).toBe('ok | "hkq", 1 entries to acknowledge | ')
  })

  it("warns of another program's stream that forgets, and fails for one that leaves entries out", async () => {
    const streams = await streamsAt(NATS.at)
    const make = async (config: object, queue = NATS.name()) => {
      await streams.add({ name: queue, subjects: [`${queue}.>`], ...config })
      onTestFinished(() => NATS.remove(NATS.at, queue))
      return examined(`nats://${NATS.at}/${queue}`)
    }
    const forgets = await make({ storage: 'memory', max_msgs: 10, discard: 'old' })
    expect(forgets.of('durability')).toMatch(
      /^warning \| storage memory, replicas 1 \| make the stream with storage file/,
    )
    expect(forgets.of('retention')).toMatch(
      /^warning \| .*discard old: the stream drops the oldest entries.* \| have it/,
    )
    const queue = NATS.name()
    const some = await make({ subjects: [`${queue}.00700.HK`] }, queue)
    expect(some.of('queue')).toMatch(/^failure \| .*keeps \S+\.00700\.HK, not \S+\._ \| have it keep/)
    const another = await make({ subjects: [`x.${queue}`] })
    expect(another.of('queue')).toMatch(
      /^failure \| .*another program has a stream ".*", of x\.\S+ \| name another queue$/,
    )
  })
})

describe.skipIf(!canServe(NATS))('a NATS server of its own that is looked at', () => {
  it('fails without JetStream', async () => {
    const { at } = await own(configured(''))
    const { of } = await examined(`nats://${at}/hk.ticks`)
    expect(of('queue')).toMatch(/^failure \| "nats:.*": the server has no JetStream, or not yet \| start it with -js$/)
  })

  it('fails where the account has no room for a new stream', async () => {
    const account = (limits: string) =>
      configured(
        `jetstream { store_dir: "FOLDER" }\nno_auth_user: u\naccounts { A { jetstream: { ${limits} }, users: [{ user: u, password: p }] } }`,
      )
    const address = `nats://${(await own(account('max_file: 100MB'))).at}/hk.ticks`
    const small = await examined(address)
    expect(small.of('limits')).toMatch(
      /^failure \| .*may have 100 MiB \| allow it more: a new stream reserves 1,024 MiB$/,
    )
    await expect(openSink(address).then((sink) => sink.write([tick()]))).rejects.toThrow(
      /no room for a new stream of 1 GiB: free its disk or allow .* of hk\.ticks\.> yourself$/,
    )
    const few = await examined(`nats://${(await own(account('max_file: 2GB, max_streams: 1'))).at}/hk.ticks`)
    expect(few.of('limits')).toMatch(/^failure \| .*2,048 MiB, 1 streams at most \| allow it 2 more$/)
    const enough = await examined(`nats://${(await own(account('max_file: 2GB, max_streams: 2'))).at}/hk.ticks`)
    expect(enough.of('limits')).toMatch(/^ok /)
  })

  it('refuses a password that is none, and tells it not', async () => {
    const { at } = await own(NATS, 'kept-to-itself')
    expect((await examined(`nats://hkq:kept-to-itself@${at}/hk.ticks`)).of('queue')).toMatch(/^ok/)
    const { of, text } = await examined(`nats://hkq:mistaken@${at}/hk.ticks`)
    expect(of('queue')).toMatch(/^failure \| .*refuses \(.*\) \| check user and password/)
    expect(text).not.toContain('mistaken')
  })
})
