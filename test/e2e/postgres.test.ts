import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dropSchema, isServed, newSchema, SERVER, sql } from '../support/postgres.ts'
import { hkq, workdir } from './hkq.ts'

describe.skipIf(!isServed)('a PostgreSQL database on the command line', () => {
  function addressOfTest(): string {
    const schema = newSchema()
    onTestFinished(() => dropSchema(schema))
    return `${SERVER}?schema=${schema}`
  }

  it('gives what an SQLite file gives that holds the same, and takes nothing twice', async () => {
    const cwd = workdir()
    const address = addressOfTest()
    const run = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await hkq(args, { cwd })
      expect([args[0], code, code === 0 ? '' : stderr]).toEqual([args[0], 0, ''])
      return args[0] === 'export' && args.includes('--to') ? stderr : stdout
    }
    await run('export', '00700.HK', 'HSI', '--from', 'sim:?speed=max&rate=0.5', '--to', 'sqlite:sim.db')
    expect(await run('export', '--from', 'sim.db', '--to', address)).toMatch(/^[1-9]\d* stored, 0 there already/)
    expect(await run('export', '--from', 'sim.db', '--to', address)).toMatch(/^0 stored, [1-9]\d* there already/)
    for (const args of [
      ['export'],
      ['export', 'HSI', '--since', '2026-01-01'],
      ['resample', '00700.HK', '--every', '5m'],
      ['resample', '00700.HK', '--every', '10s'],
      ['resample', '00700.HK', '--every', '5m', '--include', 'all'],
      ['volatility', '00700.HK'],
      ['volatility', '00700.HK', '--estimator', 'yang-zhang'],
    ]) {
      const expected = await run(...args, '--from', 'sim.db')
      expect(expected.length).toBeGreaterThan(100)
      expect(await run(...args, '--from', address), args.join(' ')).toBe(expected)
    }
    const verified = await hkq(['verify', '--from', address], { cwd })
    expect(verified.stdout).toMatch(/"sound":true/)
  })

  it('is recorded into, and what waits for it lies in a journal of the user', async () => {
    const cwd = workdir()
    const address = addressOfTest()
    const args = ['record', '00700.HK', '--from', 'sim:?speed=max&rate=1&days=1', '--relay', 'off', '--json']
    const { code, stdout, stderr } = await hkq([...args, '--to', address], { cwd, env: { XDG_STATE_HOME: cwd } })
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('away')])
    const { stored } = JSON.parse(stdout) as { stored: number }
    const schema = new URL(address).searchParams.get('schema')
    expect(await sql(`SELECT count(*)::int AS stored FROM ${schema}.ticks`)).toEqual([{ stored }])
    expect(readdirSync(join(cwd, 'hkq', 'journal'))).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)])
  })

  it.each([
    ['a database that is not there', (url: URL) => Object.assign(url, { pathname: '/hkq_no_such' }), /has no database/],
    [
      'a user that is unknown',
      (url: URL) => Object.assign(url, { username: 'hkq_nobody', password: 'sekret' }),
      /refuses user/,
    ],
  ])('ends with 6 and one line for %s, whether it reads or records', async (_, change, says) => {
    const address = change(new URL(SERVER)).href
    for (const args of [
      ['record', '00700.HK', '--from', 'sim:?speed=max', '--relay', 'off', '--to', address],
      ['export', '--from', 'sim:?speed=max', '00700.HK', '--to', address],
      ['resample', '--from', address],
    ]) {
      const { code, stdout, stderr } = await hkq(args, { cwd: workdir() })
      expect([code, stdout]).toEqual([6, ''])
      expect(stderr).toMatch(/^hkq: [^\n]+\n$/)
      expect(stderr).toMatch(says)
      expect(stderr).not.toContain('sekret')
    }
  })

  it('that does not answer is an error for who copies or reads', async () => {
    const address = Object.assign(new URL(SERVER), { port: '1' }).href
    for (const args of [
      ['export', '--from', 'sim:?speed=max', '00700.HK', '--to', address],
      ['resample', '--from', address],
    ]) {
      const { code, stderr } = await hkq(args, { cwd: workdir() })
      expect([code, stderr]).toEqual([
        6,
        expect.stringMatching(/^hkq: [^\n]+does not answer: check that the server runs[^\n]+\n$/),
      ])
    }
  })
})
