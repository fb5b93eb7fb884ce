import { expect, it, onTestFinished } from 'vitest'
import { openSink } from '../../../src/core/address/open-sink.ts'
import { examined } from '../../support/examined.ts'
import { ask, INFLUX, ownDatabase, put, withInflux } from '../../support/influx.ts'
import { type BucketRules, openInflux2 } from '../../support/influx2-server.ts'
import { hasInfluxd, ownInfluxd } from '../../support/own-influxd.ts'
import { tick } from '../sample.ts'

const at = (database: string, server = INFLUX, login = ''): string =>
  `influxdb://${login}${server.replace('http://', '')}/${database}`

async function record(address: string): Promise<void> {
  const sink = await openSink(address)
  await sink.write([tick()])
  await sink.close()
}

withInflux(() => {
  it('tells its version and that there is no database yet, and has none made', async () => {
    const database = ownDatabase()
    const { of, names } = await examined(at(database))
    expect(of('store')).toMatch(
      /^ok \| "influxdb:.*", InfluxDB 1\.\S+: the database is made by the first recording \| $/,
    )
    expect(names).toEqual(['store'])
    expect(await ask('SHOW DATABASES')).not.toContain(database)
  })

  it('knows an empty database, one of ours, one of another program and one of a newer hkq', async () => {
    const [ours, theirs] = [ownDatabase(), ownDatabase()]
    await ask(`CREATE DATABASE "${ours}"`)
    expect((await examined(at(ours))).of('store')).toMatch(/^ok \| .*: empty, the first recording begins it/)
    expect(await ask('SHOW MEASUREMENTS', ours)).not.toContain('hkq')
    await record(at(ours))
    expect((await examined(at(ours))).of('store')).toMatch(/^ok \| .*, schema 1 \|/)
    await put(ours, 'hkq schema=99i 0')
    expect((await examined(at(ours))).of('store')).toMatch(/^failure \| .*version 99.* \| use a newer hkq$/)
    await ask(`CREATE DATABASE "${theirs}"`)
    await put(theirs, 'ticks x=1 0')
    expect((await examined(at(theirs))).of('store')).toMatch(/^failure \| .*ticks of another program \| name another/)
  })

  it('fails for a database that forgets', async () => {
    const database = ownDatabase()
    await ask(`CREATE DATABASE "${database}"`)
    expect((await examined(at(database))).of('retention')).toBe('ok | what is stored is kept for ever | ')
    await ask(`CREATE RETENTION POLICY "week" ON "${database}" DURATION 7d REPLICATION 1 DEFAULT`)
    expect((await examined(at(database))).of('retention')).toMatch(
      /^failure \| what is stored is kept by the policy "week" for 168h0m0s, .* \| ALTER RETENTION POLICY "week" ON "\w+" DURATION INF/,
    )
    await ask(`ALTER RETENTION POLICY "autogen" ON "${database}" DEFAULT`)
    expect((await examined(at(database))).of('retention')).toMatch(/^ok/)
  })

  it('of InfluxDB 2 looks at the bucket, its token and how long it keeps', async () => {
    const [bucket, buckets] = [ownDatabase(), new Map<string, BucketRules>()]
    const server = await openInflux2({ token: 'the-token', org: 'Desk & Co', buckets })
    onTestFinished(() => server.close())
    const found = (token?: string) => examined(`${at(bucket, server.url)}?org=Desk+%26+Co`, token)
    expect((await found('the-token')).of('store')).toMatch(/^failure \| .*is no bucket of this organisation/)
    await ask(`CREATE DATABASE "${bucket}"`)
    buckets.set(bucket, [])
    expect((await found('the-token')).of('store')).toMatch(/^ok \| .*, InfluxDB 2\.7\.1: empty/)
    expect((await found('the-token')).of('retention')).toMatch(/^ok \| .*for ever/)
    buckets.set(bucket, [{ type: 'expire', everySeconds: 86_400 }])
    expect((await found('the-token')).of('retention')).toMatch(
      /^failure \| .*the bucket for 24 h, then deleted \| influx/,
    )
    buckets.set(bucket, [{ type: 'expire', everySeconds: 0 }])
    expect((await found('the-token')).of('retention')).toMatch(/^ok/)
    buckets.delete(bucket)
    expect((await found('the-token')).of('retention')).toMatch(/^warning \| the token may not see the bucket/)
    const wrong = await found('mistaken')
    expect(wrong.of('store')).toMatch(/^failure \| .*refuses the token.* \| check HKQ_INFLUX_TOKEN$/)
    expect(wrong.text).not.toContain('mistaken')
    expect((await found()).of('store')).toMatch(/^failure \| .*wants a token \| set HKQ_INFLUX_TOKEN/)
    expect((await examined(at(bucket, server.url))).of('server')).toMatch(/^warning \| .*InfluxDB 2.* \| name the org/)
    expect(server.faults).toEqual([])
  })

  it('warns where an organisation is named and the server knows none', async () => {
    const { of } = await examined(`${at(ownDatabase())}?org=desk`, 'token')
    expect(of('server')).toMatch(/^warning \| .*is InfluxDB 1\.\S+, which has no organisations \| leave out \?org=$/)
  })

  it.skipIf(!hasInfluxd && process.env.HKQ_DEMAND_SERVERS !== '1')('refuses a password that is none', async () => {
    const { url } = await ownInfluxd({ auth: true })
    await ask(`CREATE USER hkq WITH PASSWORD 'kept-to-itself' WITH ALL PRIVILEGES`, '', url)
    expect((await examined(at('market', url, 'hkq:kept-to-itself@'))).of('store')).toMatch(/^ok/)
    const { of, text } = await examined(at('market', url, 'hkq:mistaken@'))
    expect(of('store')).toMatch(/^failure \| .*refuses the user and password.* \| check them/)
    expect(text).not.toContain('mistaken')
  })
})
