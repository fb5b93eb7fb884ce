import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli.ts'
import type { Io } from '../../src/commands/_io.ts'
import { systemClock } from '../../src/core/clock.ts'
import { CANARY, traces } from '../support/canary.ts'
import { printed } from '../support/printed.ts'

async function said(argv: readonly string[], env: Io['env'] = {}): Promise<{ text: string; code: number }> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const io: Io = {
    ...{ stdin, stdout, stderr, env, cwd: '/', home: '/', built: '/', clock: systemClock, random: Math.random },
    ...{ interrupted: new AbortController().signal, meantToBeStopped: false, ignoresHangup: false, exitCode: 0 },
  }
  await main(argv, io)
  return { text: printed(stderr), code: io.exitCode }
}

describe('an error', () => {
  it('is one line without anything that steers a terminal, whatever it quotes', async () => {
    const { text, code } = await said(['export', '--from', 'csv:no\u001b]0;title\u0007such\u001b[2J\nfile\u202e.csv'])
    expect(code).toBe(6)
    expect(text).toMatch(/^hkq: no such file "nosuch file\.csv"[^\n]*\n$/)
  })

  it('is cut where it is longer than anybody reads', async () => {
    const { text } = await said(['export', '--from', `csv:${'x'.repeat(10_000_000)}.csv`])
    expect(text.length).toBeLessThan(5_000)
    expect(text).toMatch(/\.\.\. \(\d{8} characters\)\n$/)
  })

  it('shows no secret of the environment, whatever it quotes', async () => {
    const env = { HKQ_ALLTICK_TOKEN: CANARY, HTTPS_PROXY: `http://user:${encodeURIComponent(CANARY)}@proxy:3128` }
    const { text } = await said(['export', '--from', `csv:${CANARY}.csv`], env)
    expect(text).toMatch(/^hkq: no such file "\*\*\*\.csv"/)
    expect(traces(text)).toEqual([])
  })

  it('of a bad word too', async () => {
    expect(await said(['bad\u001b[31m'])).toEqual({ text: 'hkq: unknown command "bad": see hkq --help\n', code: 2 })
  })
})
