import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { parseAddress, shownAddress } from '../../../src/core/address/address.ts'
import { openSink } from '../../../src/core/address/open-sink.ts'
import { openStoreAt } from '../../../src/core/address/open-store.ts'
import type { HkqError } from '../../../src/core/errors.ts'
import { isAway } from '../../../src/core/storage/influxdb/refusal.ts'
import type { Store } from '../../../src/core/storage/store.ts'
import { ask, emptyDatabase, openTest, ownDatabase, put, withInflux } from '../../support/influx.ts'
import { hasInfluxd, ownInfluxd } from '../../support/own-influxd.ts'
import { canMount, fillUp, smallDisk } from '../../support/small-disk.ts'
import { at, collect, tick } from '../sample.ts'

function addressOf(url: string, database: string, login = ''): string {
  return `influxdb://${login}${url.slice('http://'.length)}/${database}`
}

function open(url: string, database: string, mode: 'read' | 'record', login = ''): Promise<Store> {
  return openStoreAt(parseAddress(addressOf(url, database, login), 'source'), mode)
}

/** The one line that an opening fails with. */
async function failure(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => new Error('it opened'),
    (thrown: HkqError) => thrown,
  )
  return `${(error as HkqError).code}: ${error.message}`
}

withInflux(() => {
  describe('a database of InfluxDB', () => {
    it('is made by a recorder, never by a reader', async () => {
      const name = ownDatabase()
      expect(await failure(openTest(name, 'read'))).toMatch(
        /^E_STORAGE: "influxdb:.* is no database of this server: create it \(CREATE DATABASE\), record into it first/,
      )
      expect(await ask('SHOW DATABASES')).not.toContain(name)
      await (await openTest(name)).close()
      expect(await ask('SHOW DATABASES')).toContain(name)
    })

    it('of another program is neither recorded into nor read as ours', async () => {
      const name = ownDatabase()
      await ask(`CREATE DATABASE "${name}"`)
      await put(name, 'ticks,symbol=00700.HK price=612.5')
      expect(await failure(openTest(name))).toMatch(
        /^E_STORAGE: .* holds ticks of another program: name another database$/,
      )
      expect(await failure(openTest(name, 'read'))).toMatch(
        /^E_STORAGE: .* holds nothing that hkq recorded: record into it/,
      )
      expect(await ask('SHOW MEASUREMENTS', name)).not.toContain('hkq')
    })

    it('of a newer hkq is refused', async () => {
      const name = ownDatabase()
      await (await openTest(name)).close()
      await put(name, 'hkq schema=99i 0')
      for (const mode of ['read', 'record'] as const)
        expect(await failure(openTest(name, mode))).toMatch(/^E_STORAGE: .* has version 99 .* use a newer hkq$/)
    })

    it('that forgets is refused', async () => {
      const name = ownDatabase()
      await ask(`CREATE DATABASE "${name}" WITH DURATION 30d`)
      expect(await failure(openTest(name))).toMatch(
        /^E_STORAGE: .* drops what is stored after some time .*keeps for ever$/,
      )
    })

    it('with points of another writer among its ticks is told so by the check', async () => {
      const name = emptyDatabase()
      const store = await openTest(name)
      await store.write([tick({ seq: 1 })])
      await put(name, `ticks,symbol=00700.HK,source=other last_price=1 ${at('10:00:01.000')}000000`)
      expect(await store.integrity()).toEqual([
        '00700.HK: prices, numbers and phases of its ticks are not the same many (2, 1, 1)',
      ])
      await store.close()
    })

    it('keeps names that the line protocol gives a meaning', async () => {
      const name = emptyDatabase()
      const sources = ['a b', 'a,b', 'a=b', 'a\\', 'a"b', "a'b", 'a\nb', '50%', '%20', '來源', '']
      const ticks = sources.map((source, seq) => tick({ source, seq }))
      const store = await openTest(name)
      await store.write(ticks)
      expect(await store.write(ticks)).toEqual({ stored: 0, duplicates: ticks.length })
      expect(await collect(store.ticks('00700.HK', {}))).toEqual(ticks)
      await store.close()
    })

    it('holds more trades of one millisecond than a page has', async () => {
      const name = emptyDatabase()
      const ticks = Array.from({ length: 45_000 }, (_, seq) => tick({ seq }))
      const store = await openTest(name)
      expect(await store.write(ticks)).toEqual({ stored: 45_000, duplicates: 0 })
      await store.close()
      const again = await openTest(name)
      expect(await again.write(ticks)).toEqual({ stored: 0, duplicates: 45_000 })
      expect((await collect(again.ticks('00700.HK', {}))).map(({ seq }) => seq)).toEqual(ticks.map(({ seq }) => seq))
      await again.close()
    })
  })
})

it('refuses an address that names no database, and shows no password', async () => {
  for (const text of [
    'influxdb://u:secret@host',
    'influxdb://u:secret@host/',
    'influxdb://u:secret@host/a/b',
    'influxdb:x',
  ]) {
    const error = await failure(Promise.resolve().then(() => openStoreAt(parseAddress(text, 'source'), 'read')))
    expect(error).toMatch(/^E_USAGE: .* names no database: write influxdb:\/\/HOST:8086\/DATABASE$/)
    expect(error).not.toContain('secret')
  }
  expect(shownAddress(parseAddress('influxdb://u:secret@host/x', 'source').path)).toBe('influxdb://***@host/x')
  expect(() => parseAddress('influxdb://u:se/cret@host/x', 'source')).toThrow(/^influxdb:\/\/\*\*\*: .*%2F/)
  expect(() => parseAddress('influxdb://u:se?cret@host/x', 'source')).toThrow(/^influxdb:\/\/\*\*\*: .*%3F/)
})

describe.skipIf(!hasInfluxd && process.env.HKQ_DEMAND_SERVERS !== '1')(
  `a server of InfluxDB of its own${hasInfluxd ? '' : ' (no influxd is installed)'}`,
  () => {
    it('with users tells of a wrong password, and of a right that is missing, in one line', {
      timeout: 60_000,
    }, async () => {
      const { url } = await ownInfluxd({ auth: true })
      await ask(`CREATE USER root WITH PASSWORD 'root-secret' WITH ALL PRIVILEGES`, '', url)
      await post(url, 'root:root-secret', 'CREATE DATABASE market')
      await post(url, 'root:root-secret', `CREATE USER desk WITH PASSWORD 'p@ss/word'`)
      await post(url, 'root:root-secret', 'GRANT ALL ON market TO desk')
      const desk = 'desk:p%40ss%2Fword@'
      // on a busy machine the server has answered before the right counts
      const store = await vi.waitFor(() => open(url, 'market', 'record', desk), { timeout: 20_000, interval: 100 })
      expect(await store.write([tick()])).toEqual({ stored: 1, duplicates: 0 })
      await store.close()
      const errors = await Promise.all([
        failure(open(url, 'market', 'record', 'desk:wrong-secret@')),
        failure(open(url, 'market', 'read')),
        failure(open(url, 'other', 'record', desk)),
      ])
      expect(errors[0]).toMatch(/^E_STORAGE: .* refuses the user and password \(authorization failed\): check them/)
      expect(errors[1]).toMatch(/^E_STORAGE: .* refuses the user and password/)
      expect(errors[2]).toMatch(
        /^E_STORAGE: .*(may not make one: have an administrator run CREATE DATABASE|may not be used so)/,
      )
      for (const error of errors) expect(error).not.toMatch(/secret|p@ss|word@|\n/)
    })

    it('that gives few rows at once gives them all', async () => {
      const { url } = await ownInfluxd({ rowLimit: 100 })
      const store = await open(url, 'market', 'record')
      const ticks = Array.from({ length: 950 }, (_, i) =>
        tick({ timestamp: at('10:00:00.000') + Math.floor(i / 300), seq: i }),
      )
      await store.write(ticks)
      await store.close()
      const again = await open(url, 'market', 'record')
      expect(await again.write(ticks)).toEqual({ stored: 0, duplicates: 950 })
      expect(await collect(again.ticks('00700.HK', {}))).toEqual(ticks)
      await again.close()
    })

    it('that is not there is away', async () => {
      const server = await ownInfluxd()
      await server.kill()
      const error = await open(server.url, 'market', 'record').catch((thrown: unknown) => thrown)
      expect(isAway(error)).toBe(true)
      expect((error as Error).message).toMatch(
        /^"influxdb:.* does not answer \(.*ECONNREFUSED.*\): see that the server runs$/,
      )
    })

    it('killed again and again loses nothing and doubles nothing behind a journal', { timeout: 120_000 }, async () => {
      const server = await ownInfluxd()
      const journals = temporary()
      const told: string[] = []
      const sink = await openSink(addressOf(server.url, 'market'), { journals, tell: (line) => told.push(line) })
      const ticks = Array.from({ length: 6_000 }, (_, i) => tick({ timestamp: at('10:00:00.000') + i * 7, seq: i }))
      for (let round = 0; round < 6; round++) {
        const writes = ticks.slice(round * 1_000, (round + 1) * 1_000)
        for (let i = 0; i < writes.length; i += 50) {
          const writing = sink.write(writes.slice(i, i + 50))
          if (i === 500) await server.kill()
          await writing
        }
        await server.start()
      }
      await sink.close()
      expect(told.join('\n')).toMatch(/is away \(.*events wait on disk/)
      const last = await openSink(addressOf(server.url, 'market'), { journals })
      await last.close()
      const store = await open(server.url, 'market', 'read')
      expect(await collect(store.ticks('00700.HK', {}))).toEqual(ticks)
      const minutes = await collect(store.minutes('00700.HK', {}))
      expect(minutes.map(({ trades }) => trades)).toEqual([6_000])
      await store.close()
    })

    it.skipIf(!canMount)(
      'whose disk is full says so, and takes all once there is room and it was restarted',
      { timeout: 120_000 },
      async () => {
        const disk = smallDisk(temporary(), 24)
        const server = await ownInfluxd({ folder: disk })
        const store = await open(server.url, 'market', 'record')
        await store.write([tick({ seq: 0 })])
        const filler = join(disk, 'filler')
        fillUp(filler)
        const ticks = Array.from({ length: 4_000 }, (_, i) => tick({ timestamp: at('10:00:00.000') + i, seq: i + 1 }))
        const error = await store.write(ticks).catch((thrown: unknown) => thrown)
        expect((error as Error).message).toMatch(
          /^"influxdb:.* cannot grow: the disk of the server is full; free some space/,
        )
        expect(isAway(error)).toBe(true)
        rmSync(filler)
        await server.kill()
        await server.start()
        expect((await store.write(ticks)).duplicates).toBeLessThanOrEqual(4_000)
        expect((await collect(store.ticks('00700.HK', {}))).map(({ seq }) => seq)).toEqual(
          Array.from({ length: 4_001 }, (_, seq) => seq),
        )
        await store.close()
      },
    )

    it.skipIf(!canMount)(
      'whose disk is full has on it what a write was answered for, whatever it showed from memory',
      { timeout: 120_000 },
      async () => {
        const disk = smallDisk(temporary(), 24)
        const server = await ownInfluxd({ folder: disk })
        const ticks = Array.from({ length: 4_000 }, (_, i) => tick({ timestamp: at('10:00:00.000') + i, seq: i }))
        const opened = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
          const store = await open(server.url, 'market', 'record')
          return work(store).finally(() => store.close())
        }
        await opened((store) => store.write(ticks.slice(0, 100)))
        const filler = join(disk, 'filler')
        fillUp(filler)
        // room for a small request, not for the ticks
        truncateSync(filler, statSync(filler).size - 16_384)
        await expect(opened((store) => store.write(ticks))).rejects.toThrow(/disk of the server is full/)
        rmSync(filler)
        const again = await opened((store) => store.write(ticks)).catch(() => null)
        await server.kill()
        await server.start()
        if (again === null) await opened((store) => store.write(ticks))
        const all = await opened((store) => collect(store.ticks('00700.HK', {})))
        expect(all.map(({ seq }) => seq)).toEqual(ticks.map(({ seq }) => seq))
      },
    )

    it.skipIf(!canMount)(
      'whose disk is full gets everything once, in order, from the journal when there is room',
      { timeout: 120_000 },
      async () => {
        const folder = temporary()
        const disk = smallDisk(folder, 24)
        const server = await ownInfluxd({ folder: disk })
        const lines: string[] = []
        const journals = join(folder, 'journals')
        const sink = await openSink(addressOf(server.url, 'market'), { journals, tell: (line) => lines.push(line) })
        const ticks = Array.from({ length: 4_000 }, (_, i) => tick({ timestamp: at('10:00:00.000') + i, seq: i }))
        await sink.write(ticks.slice(0, 100))
        const filler = join(disk, 'filler')
        fillUp(filler)
        for (let i = 100; i < 4_000; i += 100) await sink.write(ticks.slice(i, i + 100))
        expect(lines).toEqual([
          expect.stringMatching(/^"influxdb:.* is away \(the disk of the server is full; free some space/),
        ])
        rmSync(filler)
        await server.kill()
        await server.start()
        await vi.waitFor(() => expect(lines.at(-1)).toMatch(/is back and has everything/), { timeout: 60_000 })
        await sink.close()
        const store = await open(server.url, 'market', 'read')
        expect((await collect(store.ticks('00700.HK', {}))).map(({ seq }) => seq)).toEqual(ticks.map(({ seq }) => seq))
        await store.close()
      },
    )
  },
)

async function post(url: string, login: string, q: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`
  const body = new URLSearchParams({ q })
  const response = await fetch(`${url}/query`, { method: 'POST', headers: { authorization }, body })
  const answer = await response.text()
  if (!response.ok || answer.includes('"error"')) throw new Error(answer)
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hkq-influx-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
