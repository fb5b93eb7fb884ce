// npm run demo: six simulated trading days of three symbols, served over a real socket as AllTick would, recorded,
// resampled, and searched for unusual volatility. Every line that begins with $ is a command you can run yourself.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const BIN = resolve(import.meta.dirname, '../bin/hkq.js')
const SYMBOLS = ['HSI', '00700.HK', '09988.HK']
const MARKET = 'sim:?seed=17&days=6&rate=1.5&speed=max&start=2026-11-13'

const folder = mkdtempSync(join(tmpdir(), 'hkq-demo-'))
const env = { ...process.env, XDG_RUNTIME_DIR: folder, HKQ_ALLTICK_TOKEN: '' }
const colour = process.stdout.isTTY && !process.env.NO_COLOR
const strong = (text) => (colour ? `\x1b[1m${text}\x1b[22m` : text)
if (colour) env.FORCE_COLOR = '1'
const children = []

function start(args, stdio) {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, env, stdio })
  children.push(child)
  return child
}

/** Runs a command as a user would and shows what it prints; `pick` chooses among the lines. */
function run(args, pick = (lines) => lines) {
  process.stdout.write(`\n${strong(`$ hkq ${args.map((arg) => (/[?&]/.test(arg) ? `'${arg}'` : arg)).join(' ')}`)}\n`)
  const child = start(args, ['ignore', 'pipe', 'inherit'])
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more) => {
    text += more
  })
  return new Promise((done, failed) => {
    child.once('close', (code) => {
      if (text) process.stdout.write(`${pick(text.trimEnd().split('\n')).join('\n')}\n`)
      if (code === 0) done()
      else failed(new Error(`hkq ${args[0]} ended with ${code}`))
    })
  })
}

/** Starts the vendor; resolves with its address. */
function serve() {
  process.stdout.write(`${strong(`$ hkq serve ${SYMBOLS.join(' ')} --from '${MARKET}' &`)}\n`)
  const child = start(
    ['serve', ...SYMBOLS, '--from', MARKET, '--to', 'ws://127.0.0.1:0', '-q'],
    ['ignore', 'ignore', 'pipe'],
  )
  return new Promise((done, failed) => {
    child.stderr.setEncoding('utf8').on('data', (line) => {
      const url = /ws:\/\/\S+/.exec(line)?.[0]
      if (url) done(url)
    })
    child.once('close', () => failed(new Error('hkq serve did not start')))
  })
}

const table = ['--format', 'table']
const changes = (lines) => [...lines.slice(0, 1), ...lines.filter((line) => /[▲▽]/.test(line)).slice(-12)]
const started = performance.now()
try {
  const url = await serve()
  const wire = `alltick:?endpoint=${url}/quote-stock-b-ws-api`
  await run(['record', ...SYMBOLS, '--from', wire, '--max-retries', '0', '--to', 'sqlite:hk_market.db'])
  await run(['resample', '00700.HK', '--every', '1h', '--since', '2026-11-20', ...table])
  await run(['volatility', '--since', '2026-11-20', ...table], changes)
  await run(['volatility', '--last', ...table])
  process.stdout.write(
    `\n${((performance.now() - started) / 1000).toFixed(1)} s, no token and no network. Next: hkq stream HSI 00700.HK --from sim:\n`,
  )
} catch (error) {
  process.stderr.write(`demo: ${error.message}\n`)
  process.exitCode = 1
} finally {
  for (const child of children) child.kill()
  rmSync(folder, { recursive: true, force: true })
}
