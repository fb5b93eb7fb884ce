import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { applyConfig, configuredSymbols } from '../../src/commands/_apply-config.ts'
import { type Config, loadConfig } from '../../src/commands/_config.ts'
import {
  ALLTICK,
  calendarFile,
  INFOWAY,
  resolveToken,
  tokenMissing,
  vendorSettings,
} from '../../src/commands/_token.ts'
import { choices, duration, percentOrOff, repeated } from '../../src/commands/_values.ts'
import { HkqError } from '../../src/core/errors.ts'
import { CANARY } from '../support/canary.ts'

const SECRET = CANARY
let root: string
let cwd: string
let home: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hkq-config-'))
  cwd = join(root, 'project')
  home = join(root, 'home')
  mkdirSync(cwd)
  mkdirSync(join(home, '.config', 'hkq'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

const project = (value: unknown): string => put(join(cwd, 'hkq.config.json'), value)
const user = (value: unknown): string => put(join(home, '.config', 'hkq', 'config.json'), value)

function put(path: string, value: unknown, mode = 0o600): string {
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
  chmodSync(path, mode)
  return path
}

function load(env: Record<string, string> = {}, file?: string): Config {
  const commands = {
    record: null,
    stream: null,
    resample: null,
    volatility: ['window', 'exec', 'threshold', 'no-color'],
  }
  return loadConfig({ cwd, home, env, commands, ...(file ? { file } : {}) })
}

/** The options of `name` after parsing `argv`, the environment and the configuration files. */
function optionsOf(name: string, argv: string[] = [], env: Record<string, string> = {}): Record<string, unknown> {
  const command = new Command(name)
    .exitOverride()
    .option('--from <address>', '', repeated(String))
    .option('--to <address>', '', repeated(String))
    .option('--window <time>', '', duration, 60_000)
    .option('--max-jump <share>', '', percentOrOff, 0.2)
    .option('--include <flags>', '', choices('flag', ['late', 'odd_lot']))
    .addOption(new Option('--durability <promise>').choices(['process', 'power']).default('process'))
    .option('--depth <n>', '', Number)
    .option('--wait-open')
    .option('--no-color')
    .option('--exec <command>')
    .option('--config <file>')
  command.parse(argv, { from: 'user' })
  applyConfig(command, load(env), env)
  return command.opts()
}

function failure(work: () => unknown): HkqError {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(HkqError)
    return error as HkqError
  }
  throw new Error('nothing was refused')
}

describe('precedence', () => {
  it('is flag, environment, project, user, default', () => {
    user({ record: { window: '2m', durability: 'power', depth: 2 } })
    project({ record: { window: '3m', depth: 3 } })
    const env = { HKQ_DEPTH: '4', HKQ_WINDOW: '4m' }
    expect(optionsOf('record', ['--window', '5m'], env)).toMatchObject({
      window: 300_000,
      depth: 4,
      durability: 'power',
      maxJump: 0.2,
    })
    expect(optionsOf('record')).toMatchObject({ window: 180_000, depth: 3 })
  })

  it("lets a project's general key beat the user's own section", () => {
    user({ record: { to: 'sqlite:user.db' } })
    project({ to: ['sqlite:project.db'] })
    expect(optionsOf('record').to).toEqual(['sqlite:project.db'])
  })

  it('gives a section to its own command alone', () => {
    project({ record: { window: '3m' } })
    expect(optionsOf('stream').window).toBe(60_000)
  })

  it('reads only FILE with --config FILE, which must exist', () => {
    project({ record: { depth: 1 } })
    const file = put(join(root, 'mine.json'), { record: { depth: 9 } })
    expect(load({}, file).files.map(({ path }) => path)).toEqual([file])
    expect(load({ HKQ_CONFIG: file }).files.map(({ path }) => path)).toEqual([file])
    const error = failure(() => load({}, 'absent.json'))
    expect(error.code).toBe('E_CONFIG')
    expect(error.message).toContain('absent.json": no such file')
  })

  it("finds the user's file under XDG_CONFIG_HOME", () => {
    mkdirSync(join(root, 'xdg', 'hkq'), { recursive: true })
    const file = put(join(root, 'xdg', 'hkq', 'config.json'), {})
    expect(load({ XDG_CONFIG_HOME: join(root, 'xdg') }).files.map(({ path }) => path)).toEqual([file])
  })
})

describe('an option of the environment', () => {
  it('is read by the parser of its flag', () => {
    expect(optionsOf('record', [], { HKQ_MAX_JUMP: 'off', HKQ_INCLUDE: 'late' })).toMatchObject({
      maxJump: false,
      include: ['late'],
    })
  })

  it('names its variable when it is wrong', () => {
    const error = failure(() => optionsOf('record', [], { HKQ_WINDOW: '5x' }))
    expect(error.code).toBe('E_USAGE')
    expect(error.message).toContain('HKQ_WINDOW: unknown duration "5x"')
    expect(failure(() => optionsOf('record', [], { HKQ_DURABILITY: 'disk' })).message).toBe(
      'HKQ_DURABILITY: unknown value "disk": Allowed choices are process, power.',
    )
  })

  it('switches on with 1 and off with 0', () => {
    expect(optionsOf('record', [], { HKQ_WAIT_OPEN: '1', HKQ_NO_COLOR: '1' })).toMatchObject({
      waitOpen: true,
      color: false,
    })
    expect(optionsOf('record', [], { HKQ_WAIT_OPEN: '0', HKQ_COLOR: 'off' })).toMatchObject({
      waitOpen: false,
      color: false,
    })
    expect(failure(() => optionsOf('record', [], { HKQ_WAIT_OPEN: 'maybe' })).message).toContain('use 1 or 0')
  })

  it('that is empty or names no option is ignored', () => {
    expect(optionsOf('record', [], { HKQ_DEPTH: '', HKQ_NONSENSE: 'x', HKQ_ALLTICK_TOKEN: SECRET })).toEqual(
      optionsOf('record'),
    )
  })
})

describe('a value of a configuration file', () => {
  it('may be spelt in camelCase or with dashes, as text or number', () => {
    project({ record: { 'max-jump': '30%', waitOpen: true, depth: 5, color: false } })
    expect(optionsOf('record')).toMatchObject({ maxJump: 0.3, waitOpen: true, depth: 5, color: false })
  })

  it('may be a list where the option is repeatable, and not elsewhere', () => {
    project({ record: { to: ['a.db', 'b.csv'], include: ['late', 'odd_lot'] } })
    expect(optionsOf('record')).toMatchObject({ to: ['a.db', 'b.csv'], include: ['late', 'odd_lot'] })
    project({ record: { window: ['1m', '2m'] } })
    expect(failure(() => optionsOf('record')).message).toContain('"record.window"')
  })

  it.each([
    [{ record: { window: '5x' } }, 'record.window: unknown duration "5x"'],
    [{ record: { durability: 'disk' } }, 'record.durability'],
    [{ record: { waitOpen: 'yes' } }, '"record.waitOpen"'],
    [{ record: { window: null } }, '"record.window"'],
    [{ record: { window: {} } }, '"record.window"'],
    [{ record: { durabilty: 'power' } }, 'did you mean "record.durability"?'],
    [{ record: { config: 'other.json' } }, 'unknown key "record.config"'],
    [{ record: [] }, 'use an object of options'],
    [{ reccord: {} }, 'did you mean "record"?'],
    [{ symbols: [700] }, '"symbols"'],
    [{ from: '' }, '"from"'],
    [{ volatility: { treshold: 'flat' } }, 'did you mean "volatility.threshold"?'],
    [{ alltick: { tokn: 'x' } }, 'did you mean "alltick.token"?'],
    [{ alltick: { plan: 'gold' } }, 'unknown plan "gold"'],
    [{ alltick: { endpoints: 'wss://x', token: 1 } }, '"alltick.token"'],
    [[], 'is not an object'],
  ])('%j is refused', (value, message) => {
    const path = project(value)
    const error = failure(() => optionsOf('record'))
    expect(error.code).toBe('E_CONFIG')
    expect(error.exitCode).toBe(2)
    expect(error.message, 'the file is named').toContain(path)
    expect(error.message).toContain(message)
  })

  it('of a switch named with no- is given without it', () => {
    project({ volatility: { color: false } })
    expect(load().files).toHaveLength(1)
    project({ volatility: { noColor: true } })
    expect(failure(() => load()).message).toContain('did you mean "volatility.color"?')
  })

  it('never reaches a message when the file is not JSON', () => {
    const path = user(`{"alltick": {"token": ${SECRET}}}`)
    const error = failure(() => load())
    expect(error.message).toContain(path)
    expect(error.message).toContain('is not JSON')
    expect(error.message + String(error.cause ?? '')).not.toContain(SECRET)
  })

  it('may not send the token to a host of its choice; AllTick, loopback and the user’s own file may be named', () => {
    const elsewhere = 'wss://quotes.example.com/ws'
    for (const values of [
      { alltick: { endpoints: [elsewhere] } },
      { from: `alltick:?endpoint=${elsewhere}` },
      { stream: { from: `ALLTICK:?plan=pro&endpoint=${encodeURIComponent(elsewhere)}` } },
    ]) {
      project(values)
      expect(failure(() => load()).message).toMatch(/would send your token to "quotes\.example\.com"/)
    }
    project({ alltick: { endpoints: ['wss://quote.alltick.co/x', 'ws://127.0.0.1:8765/x'] } })
    user({ alltick: { endpoints: [elsewhere] } })
    expect(load().files).toHaveLength(2)
  })

  it("may not write outside the project's directory, whatever way leads there; the user's own file may", () => {
    symlinkSync(home, join(cwd, 'away'))
    symlinkSync(join(home, 'new.ndjson'), join(cwd, 'linked.ndjson'))
    const out = join(home, '.bash_profile')
    for (const values of [
      { to: [`ndjson:${out}`] },
      { to: '../home/x.csv' },
      { record: { to: [`csv:${home}?bom=on`] } },
      { record: { to: 'NDJSON:away/x' } },
      { record: { raw: home } },
      { to: [`sqlite://${out}`] },
      { to: ['linked.ndjson'] },
    ]) {
      project(values)
      expect(failure(() => load()).message).toMatch(/would write to ".*", outside its directory/)
    }
    for (const to of ['mine.db', 'sqlite:data/mine.db', 'csv:ticks', '-', 'ws://127.0.0.1:8765', join(cwd, 'x.csv')]) {
      project({ to: [to] })
      expect(load().files).toHaveLength(1)
    }
    project({})
    user({ to: [`ndjson:${out}`] })
    expect(load().files).toHaveLength(2)
  })

  it('may not have a recorder serve its metrics beyond this machine', () => {
    for (const metrics of ['0.0.0.0:9464', '[::]:9464', 'quotes.example:0', ' 10.0.0.1:9464']) {
      project({ record: { metrics } })
      expect(failure(() => load()).message).toMatch(/would serve metrics at ".*", beyond this machine/)
    }
    for (const metrics of ['9464', 9464, '127.0.0.1:9464', '[::1]:0', 'localhost:9464']) {
      project({ record: { metrics } })
      expect(load().files).toHaveLength(1)
    }
    project({})
    user({ record: { metrics: '0.0.0.0:9464' } })
    expect(load().files).toHaveLength(2)
  })

  it('is not used when everybody may write it, or when it is somebody else’s', () => {
    const path = project({ stream: { count: 1 } })
    chmodSync(path, 0o646)
    expect(failure(() => load()).message).toBe(
      `the configuration "${path}" can be written by everybody: run chmod o-w ${path}`,
    )
    chmodSync(path, 0o664)
    expect(load().files).toHaveLength(1)
    if (process.getuid?.() !== 0) return
    chownSync(path, 12_345, 12_345)
    expect(failure(() => load()).message).toContain('belongs to another user (12345): if you trust it, copy it')
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('with the key %s is refused', (key) => {
    for (const json of [`{"${key}": {}}`, `{"alltick": {"${key}": "x"}}`, `{"volatility": {"${key}": 1}}`]) {
      project(json)
      expect(failure(() => load()).message).toContain(`unknown key "`)
    }
    expect('polluted' in {}).toBe(false)
  })

  it.each([
    ['deep nesting', `{"stream": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a key of 10 MB', `{"${'k'.repeat(10_000_000)}": 1}`],
    ['a value of 10 MB', `{"tz": ["${'v'.repeat(10_000_000)}"]}`],
    ['a NUL', '{"alltick": {"plan": "\\u0000"}}'],
    ['half a character', '{"from": {"\\ud800": 1}}'],
    ['a number beyond all numbers', '{"to": 1e999}'],
  ])('with %s is refused', (_, json) => {
    project(json)
    expect(failure(() => load())).toBeInstanceOf(HkqError)
  })

  it("is refused when a project chooses a command to run, and taken from the user's own file", () => {
    project({ volatility: { exec: 'rm -rf ~' } })
    expect(failure(() => load()).message).toContain('"volatility.exec"')
    project({ record: { exec: 'rm -rf ~' } })
    expect(failure(() => load()).message).toContain('"record.exec"')
    project({})
    user({ record: { exec: 'notify' } })
    expect(optionsOf('record').exec).toBe('notify')
  })
})

describe('a general source or sink', () => {
  it('of a live vendor is not read by commands that read what was recorded', () => {
    project({ from: 'alltick:' })
    expect(optionsOf('stream').from).toEqual(['alltick:'])
    expect(optionsOf('resample').from).toBeUndefined()
    expect(optionsOf('resample', [], { HKQ_FROM: 'alltick:' }).from).toBeUndefined()
  })

  it('that is recorded or simulated is read by every command', () => {
    for (const from of ['sqlite:mine.db', 'mine.db', 'sim:?seed=7', '-', 'sqlit:typo']) {
      expect(optionsOf('resample', [], { HKQ_FROM: from }).from).toEqual([from])
    }
  })

  it('is written by record, and by export where the environment says so', () => {
    project({ to: ['mine.db'] })
    expect(optionsOf('record').to).toEqual(['mine.db'])
    expect(optionsOf('resample').to).toBeUndefined()
    expect(optionsOf('export').to, 'a copy onto the default store').toBeUndefined()
    expect(optionsOf('export', [], { HKQ_TO: 'out.csv' }).to).toEqual(['out.csv'])
    expect(optionsOf('serve', [], { HKQ_TO: 'out.csv' }).to).toBeUndefined()
  })

  it('has symbols, which a command may have for its own', () => {
    project({ symbols: ['700', 'HSI'], stream: { symbols: ['5'] } })
    expect(configuredSymbols('record', load())).toEqual(['700', 'HSI'])
    expect(configuredSymbols('stream', load())).toEqual(['5'])
  })
})

describe('a token', () => {
  const token = (env: Record<string, string> = {}) => resolveToken(load(env), env, { cwd, home })

  it('comes from the environment, then its file, then the configuration', () => {
    const file = put(join(root, 'token'), `${SECRET}-file\n`)
    user({ alltick: { token: `${SECRET}-config` } })
    expect(token({ HKQ_ALLTICK_TOKEN: ` ${SECRET}\n`, HKQ_ALLTICK_TOKEN_FILE: file }).token).toBe(SECRET)
    expect(token({ HKQ_ALLTICK_TOKEN: '', HKQ_ALLTICK_TOKEN_FILE: file }).token).toBe(`${SECRET}-file`)
    expect(token().token).toBe(`${SECRET}-config`)
    user({})
    expect(token().token).toBeUndefined()
  })

  it('may be several, one a line or with commas between them, each one word', () => {
    const file = put(join(root, 'token'), `${SECRET}-1\r\n\n${SECRET}-2\n`)
    expect(token({ HKQ_ALLTICK_TOKEN_FILE: file })).toMatchObject({ token: `${SECRET}-1`, others: [`${SECRET}-2`] })
    expect(token({ HKQ_ALLTICK_TOKEN: `${SECRET}, ${SECRET}-2` })).toMatchObject({
      ...{ token: SECRET, others: [`${SECRET}-2`] },
    })
    expect(() => token({ HKQ_ALLTICK_TOKEN: `${SECRET},two words` })).toThrow(/must be one word/)
  })

  it('file of the configuration lies beside it, or under the home directory', () => {
    put(join(cwd, 'token'), SECRET)
    project({ alltick: { tokenFile: 'token' } })
    expect(token().token).toBe(SECRET)
    put(join(home, 'token'), `${SECRET}-home`)
    project({ alltick: { tokenFile: '~/token' } })
    expect(token().token).toBe(`${SECRET}-home`)
  })

  it('that others may read brings a warning, without the token in it', () => {
    const path = user({ alltick: { token: SECRET } })
    expect(load().warnings).toEqual([])
    chmodSync(path, 0o644)
    expect(load().warnings).toEqual([`"${path}" holds a token and has mode 0644: run chmod 600 ${path}`])
    const file = put(join(root, 'token'), SECRET, 0o640)
    expect(token({ HKQ_ALLTICK_TOKEN_FILE: file }).warnings.join()).toContain('0640')
  })

  it.each([
    ['absent', null, 'no such file'],
    ['empty', ' \n', 'is empty'],
    ['two words', `${SECRET} again`, 'is not a token'],
    ['escape', `${SECRET}\u001b[31m`, 'is not a token'],
  ])('file that is %s is refused with exit 4', (_, content, message) => {
    const file = join(root, 'token')
    if (content !== null) put(file, content)
    const error = failure(() => token({ HKQ_ALLTICK_TOKEN_FILE: file }))
    expect(error.exitCode).toBe(4)
    expect(error.message).toContain(file)
    expect(error.message).toContain(message)
    expect(error.message).not.toContain(SECRET)
  })

  it('that is missing is answered with what works without one', () => {
    expect(tokenMissing().exitCode).toBe(4)
    expect(tokenMissing().message).toMatch(/--from sim:.*/)
    expect(tokenMissing().message).toContain('hkq init')
  })
})

describe('the AllTick settings', () => {
  it('are merged over the files, the environment first', () => {
    user({ alltick: { plan: 'pro', endpoints: ['wss://a'] } })
    project({ alltick: { endpoints: ['ws://127.0.0.1:1/b', 'ws://127.0.0.1:2/c'] } })
    expect(vendorSettings(load(), {}, ALLTICK)).toEqual({
      plan: 'pro',
      endpoints: ['ws://127.0.0.1:1/b', 'ws://127.0.0.1:2/c'],
    })
    expect(vendorSettings(load(), { HKQ_ALLTICK_PLAN: 'free' }, ALLTICK).plan).toBe('free')
    expect(failure(() => vendorSettings(load(), { HKQ_ALLTICK_PLAN: 'gold' }, ALLTICK)).message).toContain(
      'HKQ_ALLTICK_PLAN',
    )
  })
})

describe("Infoway's settings", () => {
  const key = (env: Record<string, string> = {}) => resolveToken(load(env), env, { cwd, home }, INFOWAY)

  it('have a key, found as the token is: environment, its file, configuration', () => {
    const file = put(join(root, 'key'), `${SECRET}-file\n`)
    user({ infoway: { key: `${SECRET}-config`, plan: 'free' }, alltick: { token: 'another' } })
    expect(key({ HKQ_INFOWAY_KEY: SECRET, HKQ_INFOWAY_KEY_FILE: file }).token).toBe(SECRET)
    expect(key({ HKQ_INFOWAY_KEY_FILE: file }).token).toBe(`${SECRET}-file`)
    expect(key().token).toBe(`${SECRET}-config`)
    expect(vendorSettings(load(), {}, INFOWAY)).toEqual({ plan: 'free' })
    expect(vendorSettings(load(), { HKQ_INFOWAY_PLAN: 'pro' }, INFOWAY).plan).toBe('pro')
    user({ alltick: { token: 'another' } })
    expect(key({ HKQ_ALLTICK_TOKEN: 'another' }).token).toBeUndefined()
  })

  it('may not send the key anywhere by the file of a project, nor the token to Infoway', () => {
    const told = (values: object): string => {
      project(values)
      return failure(() => load()).message
    }
    expect(told({ from: 'infoway:?endpoint=wss://elsewhere.io/ws' })).toContain('"elsewhere.io"')
    expect(told({ infoway: { endpoints: ['wss://elsewhere.io/ws'] } })).toContain('"elsewhere.io"')
    expect(told({ from: 'infoway:?endpoint=wss://quote.alltick.co/x' })).toContain('"quote.alltick.co"')
    expect(told({ alltick: { endpoints: ['wss://data.infoway.io/ws'] } })).toContain('"data.infoway.io"')
    project({ from: 'infoway:?endpoint=wss://data.infoway.io/ws', infoway: { endpoints: ['ws://127.0.0.1:1/ws'] } })
    expect(load().warnings).toEqual([])
  })

  it('with a key that others may read bring a warning', () => {
    const path = user({ infoway: { key: SECRET } })
    chmodSync(path, 0o644)
    expect(load().warnings).toEqual([`"${path}" holds a token and has mode 0644: run chmod 600 ${path}`])
  })

  it('name the key where it is missing or no key', () => {
    expect(tokenMissing(INFOWAY).message).toMatch(/^no Infoway key: set HKQ_INFOWAY_KEY/)
    expect(failure(() => key({ HKQ_INFOWAY_KEY: 'two words' })).message).toMatch(/^HKQ_INFOWAY_KEY is not a key/)
    project({ infoway: { token: 'x' } })
    expect(failure(() => load()).message).toContain('unknown key "infoway.token"')
  })
})

describe('the calendar file', () => {
  it('is relative to the file that names it', () => {
    user({ calendar: 'days.json' })
    expect(calendarFile(load(), {}, { cwd, home })).toBe(join(home, '.config', 'hkq', 'days.json'))
    expect(calendarFile(load(), { HKQ_CALENDAR: 'x.json' }, { cwd, home })).toBe(join(cwd, 'x.json'))
  })
})
