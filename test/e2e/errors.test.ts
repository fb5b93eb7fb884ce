import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { CANARY } from '../support/canary.ts'
import { hkq, type Options, workdir } from './hkq.ts'

/** Runs a command that must be refused: one line on stderr, nothing on stdout, no file made. */
async function refused(args: readonly string[], options: Partial<Options> = {}): Promise<[number | null, string]> {
  const cwd = options.cwd ?? workdir()
  const before = readdirSync(cwd)
  const { code, stdout, stderr } = await hkq(args, { ...options, cwd })
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^hkq: [^\n]+\n$/)
  expect(stderr).not.toMatch(/^\s+at |cli\.cjs|undefined|\[object/m)
  expect(readdirSync(cwd)).toEqual(before)
  return [code, stderr.slice('hkq: '.length, -1)]
}

/** The line and the exit code of each command line. */
const USAGE: readonly [what: string, args: string, says: RegExp][] = [
  ['an unknown command', 'strem', /unknown command "strem": did you mean "hkq stream"\?/],
  ['an unknown option', 'stream 700 --from sim: --cuont 3', /--cuont.*--count/],
  ['an option without its value', 'stream 700 --from sim: --count', /--count/],
  ['no symbol', 'stream --from sim:', /no symbol given/],
  ['no symbol for a source that must be told', 'resample --from sim:', /no symbol given/],
  ['a symbol of another market', 'stream 00700.US', /"00700\.US": did you mean 00700\.HK/],
  ['a symbol that is none', 'record 99999999 --from sim:', /unknown symbol "99999999"/],
  ['an unknown scheme', 'stream 700 --from simm:', /"simm:": did you mean "sim:"/],
  ['an unknown option of an address', 'stream 700 --from sim:?sed=1', /"sed" .* did you mean "seed"/],
  ['a value of an address', 'stream 700 --from sim:?seed=x', /"seed=x"/],
  ['a second source', 'resample 700 --from a.db --from b.db', /--from: one address .*"a.db" and "b.db"/],
  ['a third feed', `stream 700 ${'--from tutorial: '.repeat(3)}`, /--from: two feeds .* "tutorial:" as a third/],
  ['one feed twice', 'stream 700 --from tutorial: --from tutorial:', /"tutorial:" is there twice: name another vendor/],
  [
    'a market beside a feed',
    'record 700 --from tutorial: --from sim:',
    /"sim" is no live feed, and only those are read/,
  ],
  ['a source that is none', 'export --from ws://127.0.0.1:1', /cannot be a source: use one of/],
  ['a sink that is none', 'record 700 --from sim: --to alltick:', /cannot be a sink: use one of/],
  ['a sink of no kind', 'record 700 --from sim: --to quotes', /unknown address "quotes": use one of sqlite, /],
  ['an interval', 'resample --every 7x', /--every: unknown interval "7x": use 1s to 1d/],
  ['an interval beyond a day', 'resample --every 2d', /unknown interval "2d"/],
  ['a date', 'resample --since 2026-02-30', /--since: unknown time "2026-02-30"/],
  ['a range with nothing in it', 'resample --since 2026-11-23 --until 2026-11-23', /--since is not before --until/],
  ['a range of what is to come', 'resample 700 --from tutorial: --since 09:30', /--since: "tutorial:" is live/],
  ['an end of what is to come', 'export 700 --from tutorial: --until 2099-01-01', /--until: .* end by --duration/],
  ['a range of a queue', 'export --from redis://127.0.0.1/hk_ticks --since 09:30', /--since: "redis:.* is live/],
  ['a number below its least', 'stream 700 --from sim: --count 0', /--count: unknown number "0".* from 1 up/],
  ['a depth beyond ten', 'stream 700 --from sim: --depth 11', /--depth: unknown number "11"/],
  ['a format', 'stream 700 --from sim: --format xml', /--format: unknown format "xml": use table/],
  ['a time zone', 'stream 700 --from sim: --tz Mars/Base', /--tz: unknown time zone "Mars\/Base"/],
  ['a jump that means percent', 'stream 700 --from sim: --max-jump 20', /"20": did you mean "20%"/],
  ['a quantile', 'volatility --quantile 90', /"90": did you mean "0\.9"/],
  ['an estimator', 'volatility --estimator garch', /unknown estimator "garch": use tick-std/],
  ['an annual figure of what has no periods', 'volatility --preset tutorial --annualize', /no periods to annualise/],
  ['a horizon of no backtest', 'volatility --horizon 30m', /--horizon "30m" .* add --backtest/],
  ['a horizon between two steps', 'volatility --backtest --horizon 90s', /"90s" is not a multiple of the step/],
  ['a horizon without a value', 'volatility --backtest --horizon 5m', /"5m" holds fewer than the 10 steps/],
  ['a horizon beyond the day', 'volatility --backtest --horizon 6h', /"6h" is longer than a day's trading/],
  ['a backtest per tick', 'volatility --backtest --preset tutorial', /"tick-std" cannot: use --preset session/],
  ['a backtest of days', 'volatility --backtest --estimator parkinson --every 1d', /daily bars cannot/],
  ['a backtest of what is to come', 'volatility --backtest 700 --from alltick:', /"alltick:" is live: record it first/],
  ['a backtest of a queue', 'volatility --backtest 700 --from nats://127.0.0.1/hk.ticks', /is live: record it first/],
  ['a backtest that follows', 'volatility --backtest --follow', /one table of a whole range: leave out --follow/],
  ['a backtest of the last values', 'volatility --backtest --last', /leave out --last/],
  ['a chart of a backtest', 'volatility --backtest --chart', /leave out --chart/],
  ['a description of a backtest', 'volatility --backtest --describe', /leave out --describe/],
  ['a backtest that runs commands', 'volatility --backtest --exec true', /leave out --exec/],
  ['a fault', 'serve --from sim: --fault dorp=1', /--fault: unknown fault "dorp=1"/],
  ['an address that is not of this machine', 'serve --from sim: --to ws://0.0.0.0:8765', /loopback/],
  ['an endpoint that is not encrypted', 'stream 700 --from alltick:?endpoint=ws://192.0.2.1/x', /is not encrypted/],
  ['frames of what has none', 'record 700 --from sim: --raw frames', /--raw "frames": "sim:" brings no frames to keep/],
  [
    'frames of a store',
    'record 700 --from raw:old --raw frames',
    /"raw:old" brings no frames.* one of alltick:, infoway:/,
  ],
  [
    'frames of a hidden wire',
    'record 700 --from tutorial: --from longbridge: --raw f',
    /"longbridge:" brings no frames/,
  ],
  ['a symbols file that is not there', 'record --from sim: --symbols-file none.txt', /"none\.txt"/],
]

describe('bad input is refused with one line before anything is opened', () => {
  it.each(USAGE)('%s: exit 2', async (_, args, says) => {
    const [code, line] = await refused(args.split(' '))
    expect(line).toMatch(says)
    expect(code).toBe(2)
  })

  it('no token: exit 4, and the line names the simulated market and hkq init', async () => {
    for (const args of [['stream', '700'], ['record', '700'], ['serve'], ['probe-endpoints', '--auth']]) {
      const [code, line] = await refused(args, { env: { HKQ_ALLTICK_TOKEN: '' } })
      expect(line).toMatch(/no AllTick token.*HKQ_ALLTICK_TOKEN.*hkq init.*--from sim:/)
      expect(code).toBe(4)
    }
  })

  it('a token file that is not there, or holds no token: exit 4', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'token'), 'two words\n', { mode: 0o600 })
    for (const HKQ_ALLTICK_TOKEN_FILE of ['none', 'token']) {
      const [code] = await refused(['stream', '700'], { cwd, env: { HKQ_ALLTICK_TOKEN: '', HKQ_ALLTICK_TOKEN_FILE } })
      expect(code).toBe(4)
    }
  })

  it('-v adds no stack to a mistake of the user', async () => {
    const [code] = await refused(['stream', '700', '--from', 'simm:', '-v'])
    expect(code).toBe(2)
  })
})

/** A server on a free port of this machine. */
async function listening<S extends Server | HttpServer>(server: S): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('an endpoint that cannot serve ends the stream with one line', () => {
  const stream = (at: string): Promise<[number | null, string]> =>
    refused(['stream', '700', '--from', `alltick:?endpoint=ws://${at}/quote-stock-b-ws-api`, '--max-retries', '0'], {
      env: { HKQ_ALLTICK_TOKEN: CANARY },
    })

  it('nobody listens: exit 5', async () => {
    const server = createTcpServer()
    const at = await listening(server)
    server.close()
    const [code, line] = await stream(at)
    expect(line).toMatch(/ECONNREFUSED.*no retry allowed.*hkq probe-endpoints/)
    expect(code).toBe(5)
  })

  it('a web server that is no WebSocket: exit 5', async () => {
    const [code, line] = await stream(await listening(createHttpServer((_, response) => response.end('hello'))))
    expect(line).toMatch(/HTTP 200 instead of a WebSocket/)
    expect(code).toBe(5)
  })

  it('no web server at all: exit 5', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n')
    })
    const [code, line] = await stream(await listening(server))
    expect(line).toMatch(/no web server/)
    expect(code).toBe(5)
  })

  it('a redirect: exit 5, and it is not followed', async () => {
    const server = createHttpServer()
    server.on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 302 Found\r\nLocation: ws://192.0.2.1/?token=stolen\r\nContent-Length: 0\r\n\r\n')
    })
    const [code, line] = await stream(await listening(server))
    expect(line).toMatch(/HTTP 302.*redirects are refused/)
    expect(line).not.toContain('stolen')
    expect(code).toBe(5)
  })

  it('a token refused at the upgrade: exit 4, however many retries are allowed', async () => {
    const server = createHttpServer()
    server.on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
    })
    const endpoint = `ws://${await listening(server)}/x`
    const [code, line] = await refused(['stream', '700', '--from', `alltick:?endpoint=${endpoint}`], {
      env: { HKQ_ALLTICK_TOKEN: CANARY },
    })
    expect(line).toMatch(/refuses the token/)
    expect(code).toBe(4)
  })

  it('a token refused by a frame: exit 4', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    server.on('connection', (socket) => {
      socket.on('message', (data) => {
        const { cmd_id, seq_id, trace } = JSON.parse(String(data))
        socket.send(
          JSON.stringify({ ret: 401, msg: `bad token ${CANARY}`, cmd_id: cmd_id + 1, seq_id, trace, data: {} }),
        )
      })
    })
    const [code, line] = await stream(`127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect(line).toMatch(/refuses the token/)
    expect(code).toBe(4)
  })

  it('a port that another server holds: exit 5', async () => {
    const at = await listening(createTcpServer())
    const [code, line] = await refused(['serve', '700', '--from', 'sim:', '--to', `ws://${at}`])
    expect(line).toMatch(/cannot listen on .*choose another port/)
    expect(code).toBe(5)
  })
})

/** A database with one statement run in it. */
function database(cwd: string, name: string, sql: string): void {
  const db = new Sqlite(join(cwd, name))
  db.exec(sql)
  db.close()
}

describe('a store that cannot be used is left as it is: exit 6', () => {
  const READERS = ['resample', 'volatility', 'export']

  it('a reader never makes the file', async () => {
    for (const command of READERS) {
      const [code, line] = await refused([command, '--from', 'none.db'])
      expect(line).toMatch(/no such file "none\.db": record into it first/)
      expect(code).toBe(6)
    }
  })

  it('a file that is no database, a directory, an empty file', async () => {
    const cwd = workdir()
    writeFileSync(
      join(cwd, 'text.db'),
      'no database, but text that is longer than the header of one would be: 0123456789',
    )
    mkdirSync(join(cwd, 'folder.db'))
    writeFileSync(join(cwd, 'empty.db'), '')
    const says = { 'text.db': /not an SQLite database/, 'folder.db': /is a directory/, 'empty.db': /holds nothing yet/ }
    for (const [file, pattern] of Object.entries(says)) {
      const [code, line] = await refused(['resample', '--from', file], { cwd })
      expect(line).toMatch(pattern)
      expect(code).toBe(6)
      if (file === 'empty.db') continue
      const [recording] = await refused(['record', '700', '--from', 'sim:', '--to', file], { cwd })
      expect(recording).toBe(6)
    }
  })

  it('a newer schema, and a database of another program', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', 'sim:?speed=max&rate=0.01', '--to', 'newer.db', '-q'], { cwd })
    database(cwd, 'newer.db', 'PRAGMA user_version = 99')
    database(cwd, 'foreign.db', 'CREATE TABLE orders (id INTEGER)')
    for (const [file, pattern] of Object.entries({ newer: /schema version 99/, foreign: /another program's/ })) {
      for (const args of [
        ['resample', '--from'],
        ['record', '700', '--from', 'sim:', '--to'],
      ]) {
        const [code, line] = await refused([...args, `${file}.db`], { cwd })
        expect(line).toMatch(pattern)
        expect(code).toBe(6)
      }
    }
  })

  it("a database made by the tutorial's code is not recorded into, and the line says how to bring it over", async () => {
    const cwd = workdir()
    database(cwd, 'old.db', 'CREATE TABLE ticks (symbol, timestamp, last_price, volume, bid_price, ask_price)')
    const [code, line] = await refused(['record', '700', '--from', 'sim:', '--to', 'old.db'], { cwd })
    expect(line).toMatch(/hkq export --from sqlite:old\.db --to sqlite:NEW\.db/)
    expect(code).toBe(6)
  })

  it('a read-only place', async () => {
    const cwd = workdir()
    // The superuser may write wherever there are files at all.
    const place = process.getuid?.() === 0 ? '/proc' : cwd
    chmodSync(cwd, 0o555)
    for (const to of ['new.db', 'new.csv', 'new.ndjson']) {
      const args = ['record', '700', '--from', 'sim:?speed=max&rate=0.1', '--to', `${place}/${to}`]
      const { code, stderr } = await hkq(args, { cwd })
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^hkq: .*(cannot|may not)/)
      expect(code).toBe(6)
    }
    chmodSync(cwd, 0o755)
  })

  it.skipIf(!existsSync('/dev/full'))('a full disk, also where the output goes', async () => {
    const cwd = workdir()
    const [code, line] = await refused(
      ['export', '700', '--from', 'sim:?speed=max&rate=0.1', '--to', 'ndjson:/dev/full'],
      { cwd },
    )
    expect(line).toMatch(/ENOSPC.*free some space/)
    expect(code).toBe(6)
    for (const args of [['stream', '700', '--from', 'sim:', '--count', '9'], ['resample', '--schema'], ['--help']]) {
      const full = openSync('/dev/full', 'w')
      const { code, stderr } = await hkq(args, { cwd, stdout: full })
      closeSync(full)
      expect(stderr).toMatch(/^hkq: cannot write the output: ENOSPC[^\n]*\n$/)
      expect(code).toBe(6)
    }
  })
})

describe('a file that cannot be read', () => {
  it('is not there: exit 6', async () => {
    for (const from of ['none.csv', 'none.ndjson', 'raw:none']) {
      const [code, line] = await refused(['stream', '700', '--from', from])
      expect(line).toMatch(/no such (file|directory)/)
      expect(code).toBe(6)
    }
  })

  it('a CSV header that is not understood: exit 2, and the line lists what was found', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'odd.csv'), 'foo,bar\n1,2\n')
    for (const args of [['resample'], ['export', '--to', 'new.db'], ['stream', '700']]) {
      const [code, line] = await refused([...args, '--from', 'odd.csv'], { cwd })
      expect(line).toMatch(/header of "odd\.csv" has no time.*found "foo", "bar".*\?columns=/)
      expect(code).toBe(2)
    }
  })

  it('standard input that is not NDJSON: exit 2', async () => {
    for (const args of [['resample'], ['export', '--to', 'new.db'], ['stream', '700']]) {
      const [code, line] = await refused([...args, '--from', '-'], { input: 'time,price\n09:30,600\n' })
      expect(line).toMatch(/"-" is not NDJSON, it begins with "time,price"/)
      expect(code).toBe(2)
    }
  })

  it('bars that are none are counted, in resample and in volatility', async () => {
    const cwd = workdir()
    const bars = ['500,501,499,500', 'x,501,499,500', '500,501,499,500']
    const lines = bars.map((bar, i) => `700,2026-11-20 09:3${i},2026-11-20 09:3${i + 1},${bar}`)
    writeFileSync(join(cwd, 'bars.csv'), `symbol,start,end,open,high,low,close\n${lines.join('\n')}\n`)
    for (const command of [
      ['resample', '--every', '1m'],
      ['volatility', '--estimator', 'parkinson'],
    ]) {
      const { code, stderr } = await hkq([...command, '--from', 'bars.csv'], { cwd })
      expect([code, stderr]).toEqual([0, 'hkq: 1 record could not be read and left out\n'])
    }
  })

  it('bars where ticks are wanted: exit 2, and no store is made', async () => {
    const cwd = workdir()
    writeFileSync(join(cwd, 'bars.csv'), 'code,time_key,open,high,low,close\nHK.00388,2026-11-20 09:30:00,1,1,1,1\n')
    const [code, line] = await refused(['export', '--from', 'bars.csv', '--to', 'new.db'], { cwd })
    expect(line).toMatch(/holds bars, not ticks/)
    expect(code).toBe(2)
  })
})

describe('a file that cannot be written', () => {
  it.skipIf(process.platform !== 'linux')('lies where nobody may make a folder: exit 6, at once', async () => {
    for (const sink of [
      'csv:/proc/none',
      'csv:/proc/none/a.csv',
      'ndjson:/proc/none/deeper/a.ndjson',
      'parquet:/proc/none',
    ]) {
      const [code, line] = await refused(['export', '700', '--from', 'sim:?speed=max&rate=0.01', '--to', sink])
      expect(line).toMatch(/"\/proc\/none.*(check the path and its rights|cannot be made there; name another place)/)
      expect(code).toBe(6)
    }
  })

  it.skipIf(process.platform === 'win32').each(['csv', 'ndjson'])(
    'is a named pipe (%s): exit 6, at once',
    async (scheme) => {
      const cwd = workdir()
      execFileSync('mkfifo', [join(cwd, 'pipe')])
      const [code, line] = await refused(['record', '700', '--from', 'sim:', '--to', `${scheme}:pipe`], { cwd })
      expect(line).toBe('"pipe" is a named pipe: use --to - and send standard output there')
      expect(code).toBe(6)
    },
  )

  it.skipIf(process.platform !== 'linux')(
    'is no place for an archive: exit 6, and the store keeps its days',
    async () => {
      const cwd = workdir()
      await hkq(['record', '700', '--from', 'sim:?speed=max&rate=0.01', '-q'], { cwd })
      const [code, line] = await refused(['archive', '--to', 'parquet:/proc/none'], { cwd })
      expect(line).toMatch(/^"\/proc\/none": a folder cannot be made there; name another place \(ENOENT/)
      expect(code).toBe(6)
    },
  )
})

describe('a name that holds a line feed', () => {
  it('is told on one line, in errors and in what is said beside them', async () => {
    const cwd = workdir()
    const [, line] = await refused(['resample', '--from', 'no\nsuch.db'], { cwd })
    expect(line).toContain('"no such.db"')
    const copy = ['export', '700', '--from', 'sim:?speed=max&rate=0.01', '--to', 'csv:two\nlines.csv']
    await hkq(copy, { cwd })
    const { stderr } = await hkq(copy, { cwd })
    expect(stderr).toMatch(/^hkq: "two lines\.csv" is not empty[^\n]*\n[^\n]* to csv:two lines\.csv\n$/)
  })
})

describe('a source that ends without data: exit 3', () => {
  it('whoever reads it says so, and makes nothing of it', async () => {
    for (const args of [['resample'], ['volatility'], ['stream', '700'], ['export', '--to', 'new.db']]) {
      const [code, line] = await refused([...args, '--from', '-'], { input: '\n' })
      expect(line).toMatch(/no data.* in "-"/)
      expect(code).toBe(3)
    }
  })

  it('a store without the symbol, or without the range', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', 'sim:?speed=max&rate=0.01', '-q'], { cwd })
    for (const args of [
      ['resample', '5'],
      ['volatility', '5'],
      ['export', '5'],
      ['resample', '--until', '2020-01-01'],
    ]) {
      const [code, line] = await refused(args, { cwd })
      expect(line).toMatch(/no data .*in "sqlite:hk_market\.db"/)
      expect(code).toBe(3)
    }
  })
})
