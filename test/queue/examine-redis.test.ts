import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSink } from '../../src/core/address/open-sink.ts'
import { tick } from '../storage/sample.ts'
import { examined } from '../support/examined.ts'
import { canServe, isServed, OwnServer, REDIS } from '../support/queues.ts'

async function own(server = REDIS, password?: string): Promise<OwnServer> {
  const running = await OwnServer.start(server, password)
  onTestFinished(() => running.end())
  return running
}

/** Another program, that talks to the server itself. */
function client(at: string, password?: string): Redis {
  const [host, port] = at.split(':')
  const other = new Redis({ host: host!, port: Number(port), ...(password && { password }) })
  onTestFinished(() => other.disconnect())
  return other
}

describe.skipIf(!(await isServed(REDIS)))('a Redis server that is looked at', () => {
  it('tells its version and that there is no stream yet, and has nothing made', async () => {
    const queue = REDIS.name()
    const { of, names } = await examined(`redis://${REDIS.at}/${queue}`)
    expect(of('queue')).toMatch(/^ok \| "redis:.*", Redis \d+\.\d+\.\d+: the first recording begins the stream \|/)
    expect(names).toEqual(['queue', 'durability', 'memory'])
    expect(await client(REDIS.at).exists(queue, `${queue}:checkpoints`)).toBe(0)
  })

  it('knows a stream of ours, one that expires, and what another program keeps under the key', async () => {
    const queue = REDIS.name()
    const [other, address] = [client(REDIS.at), `redis://${REDIS.at}/${queue}`]
    onTestFinished(() => REDIS.remove(REDIS.at, queue))
    const found = async () => (await examined(address)).of('queue')
    const sink = await openSink(address)
    await sink.write([tick()])
    await sink.close()
    expect(await found()).toMatch(/^ok \| .*, 1 entries \| $/)
    await other.expire(queue, 600)
    expect(await found()).toMatch(/^failure \| .*the stream expires in (600|599) s, read or not \| PERSIST hkq_test/)
    await other.xadd(queue, '*', 'theirs', 'events')
    expect(await found()).toMatch(/^warning \| .*another program writes into this stream \| name another key/)
    await other.del(queue)
    expect(await found()).toMatch(/^ok \| .*the first recording begins/)
    await other.set(queue, 'x')
    expect(await found()).toMatch(
      /^failure \| .*another program keeps a string under "hkq_test_\w+" \| name another key$/,
    )
    await other.del(queue, `${queue}:checkpoints`)
    await other.lpush(`${queue}:checkpoints`, 'x')
    expect(await found()).toMatch(/^failure \| .*keeps a list under "hkq_test_\w+:checkpoints"/)
  })

  it('refuses a database that it does not have, by its number', async () => {
    const address = `redis://${REDIS.at}/${REDIS.name()}?db=123456`
    const message = expect.stringMatching(/^"redis:.*\?db=123456" refuses \(.*\): name a database that it has/)
    await expect(openSink(address)).rejects.toMatchObject({ code: 'E_STORAGE', message })
  })

  it('keeps nothing in a channel', async () => {
    const { of, names } = await examined(`redis://${REDIS.at}/${REDIS.name()}?mode=pubsub`)
    expect(of('queue')).toMatch(/^ok \| .*: a channel, which keeps nothing/)
    expect(names).toEqual(['queue'])
  })
})

describe.skipIf(!canServe(REDIS))('a Redis server of its own that is looked at', () => {
  it('tells what an acknowledged write survives', async () => {
    const { at } = await own()
    const other = client(at)
    const found = async () => (await examined(`redis://${at}/q`)).of('durability')
    expect(await found()).toBe('ok | appendonly yes, appendfsync always | ')
    await other.config('SET', 'appendfsync', 'everysec')
    expect(await found()).toBe('ok | appendonly yes, appendfsync everysec: a power cut may lose the last second | ')
    await other.config('SET', 'appendfsync', 'no')
    expect(await found()).toMatch(/^warning \| appendonly yes, appendfsync no \| set it to everysec or always/)
    await other.config('SET', 'appendonly', 'no')
    expect(await found()).toMatch(/^warning \| appendonly no \| set appendonly yes/)
  })

  it('fails where a full memory drops the queue, as a recorder does, and where it is a replica', async () => {
    const { at } = await own()
    const other = client(at)
    const found = () => examined(`redis://${at}/q`)
    await other.config('SET', 'maxmemory', '100mb')
    expect((await found()).of('memory')).toMatch(/^ok \| maxmemory 100\.00M, policy noeviction, .* used \| $/)
    await other.config('SET', 'maxmemory-policy', 'volatile-lru')
    expect((await found()).of('memory')).toMatch(/^ok /)
    await other.config('SET', 'maxmemory-policy', 'allkeys-lru')
    expect((await found()).of('memory')).toMatch(
      /^failure \| .*policy allkeys-lru.* \| set maxmemory-policy noeviction/,
    )
    expect((await found()).of('role')).toBeUndefined()
    await other.replicaof('127.0.0.1', 1)
    expect((await found()).of('role')).toBe(
      'failure | a replica of 127.0.0.1:1, which takes no entries | name the primary',
    )
  })

  it('refuses a password that is none, and tells no password, not even one that the server says again', async () => {
    const { at } = await own(REDIS, 'kept-to-itself')
    expect((await examined(`redis://:kept-to-itself@${at}/q`)).of('queue')).toMatch(/^ok/)
    const wrong = await examined(`redis://:mistaken@${at}/q`)
    expect(wrong.of('queue')).toMatch(/^failure \| .*refuses \(WRONGPASS.*\) \| check user and password/)
    expect((await examined(`redis://${at}/q`)).of('queue')).toMatch(/^failure \| .*refuses \(NOAUTH/)
    const command = (...[port, folder]: Parameters<typeof REDIS.command>) => {
      const [program, args] = REDIS.command(port, folder)
      return [program, [...args, '--rename-command', 'AUTH', '']] as const
    }
    const without = await own({ ...REDIS, command })
    const { of, text } = await examined(`redis://:mistaken@${without.at}/q`)
    expect(of('queue')).toMatch(/^failure \| .*refuses \(ERR unknown command 'AUTH'.*'\*\*\*'/)
    expect(text + wrong.text).not.toContain('mistaken')
  })

  it('does without what it may not ask', async () => {
    const { at } = await own()
    await client(at).call('ACL', 'SETUSER', 'hkq', 'on', '>secret', '~*', '+@all', '-config')
    const { of } = await examined(`redis://hkq:secret@${at}/q`)
    expect(of('durability')).toMatch(/^ok \| appendonly yes, appendfsync not told/)
  })
})
