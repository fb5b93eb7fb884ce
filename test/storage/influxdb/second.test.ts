import { afterAll, beforeAll, expect, it } from 'vitest'
import { openInflux } from '../../../src/core/storage/influxdb/open.ts'
import { type Bucket, targetOf } from '../../../src/core/storage/influxdb/target.ts'
import { storeContract } from '../../contracts/store.ts'
import { ask, emptyDatabase, giveBack, ownDatabase, withInflux } from '../../support/influx.ts'
import { type Influx2, openInflux2 } from '../../support/influx2-server.ts'
import { tick } from '../sample.ts'

const TOKEN = 'a-token-of-the-tests=='
const ORG = 'Desk & Co'

withInflux(() => {
  let server: Influx2

  beforeAll(async () => {
    server = await openInflux2({ token: TOKEN, org: ORG })
  })
  afterAll(() => server.close())

  function bucketAt(name: string, org = ORG): Bucket {
    return targetOf(`influxdb://${server.url.slice('http://'.length)}/${name}`, 'shown', { org, tls: false }) as Bucket
  }
  const open = (name: string, mode: 'read' | 'record' = 'record', token: string | undefined = TOKEN) =>
    openInflux(bucketAt(name), { mode, now: () => 0, token })

  storeContract('influxdb 2', async () => {
    const bucket = emptyDatabase()
    // a bucket is made by its administrator
    await ask(`CREATE DATABASE "${bucket}"`)
    let store = await open(bucket)
    return {
      store,
      reopen: async () => {
        await store.close()
        store = await open(bucket)
        return store
      },
      remove: async () => {
        await store.close()
        await giveBack(bucket)
      },
    }
  })

  it('asks nothing that the API does not document', () => {
    expect(server.faults).toEqual([])
  })

  it('tells of a missing token, a wrong one, another organisation and a missing bucket in one line, without the token', async () => {
    const missing = ownDatabase()
    const errors = await Promise.all([
      messageOf(openInflux(bucketAt('market'), { mode: 'record', now: () => 0, token: undefined })),
      messageOf(open('market', 'record', 'wrong-token')),
      messageOf(open(missing)),
      messageOf(open(missing, 'read')),
    ])
    expect(errors).toEqual([
      expect.stringMatching(/^E_TOKEN .* wants a token: set HKQ_INFLUX_TOKEN or HKQ_INFLUX_TOKEN_FILE$/),
      expect.stringMatching(/^E_STORAGE .* refuses the token \(unauthorized access\): check HKQ_INFLUX_TOKEN$/),
      expect.stringMatching(/^E_STORAGE .* is no bucket of this organisation, .*\(influx bucket create\)/),
      expect.stringMatching(/^E_STORAGE .* is no bucket of this organisation/),
    ])
    for (const error of errors) expect(error).not.toMatch(/token-of-the-tests|wrong-token|\n/)
  })

  it('names an organisation that is not there', async () => {
    const name = emptyDatabase()
    await ask(`CREATE DATABASE "${name}"`)
    const target = bucketAt(name, 'Others')
    const error = await messageOf(openInflux(target, { mode: 'record', now: () => 0, token: TOKEN }))
    expect(error).toMatch(/^E_STORAGE .* organization name "Others" not found/)
  })

  it('stores nothing twice when its answer was lost', async () => {
    const name = emptyDatabase()
    await ask(`CREATE DATABASE "${name}"`)
    const store = await open(name)
    await store.write([tick({ seq: 1 }), tick({ seq: 2 })])
    await store.close()
    const again = await open(name)
    expect(await again.write([tick({ seq: 2 }), tick({ seq: 3 })])).toEqual({ stored: 1, duplicates: 1 })
    await again.close()
    await giveBack(name)
  })
})

async function messageOf(opening: Promise<unknown>): Promise<string> {
  return opening.then(
    () => 'opened',
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  )
}
