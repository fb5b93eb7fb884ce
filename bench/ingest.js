import { join } from 'node:path'
import { BIN, folder, measure, median, pythonWith, startFeed } from './support/run.js'

const ROUNDS = 3

/** Wire trades over a WebSocket into the store, every tick kept; beside tuned Python on the same feed. */
export async function ingest({ trades = 1_000_000, books = 0 } = {}) {
  const python = pythonWith('websockets')
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    const place = folder()
    const feed = await startFeed({ trades, books })
    const hkq = await record(feed.port, place)
    const peer = python && (await tuned(python, feed.port, place))
    feed.stop()
    rounds.push({ hkq, peer })
  }
  const rate = (pick) => median(rounds.map((round) => (trades + books) / pick(round).seconds))
  return {
    messages: trades + books,
    'hkq messages/s': Math.round(rate((round) => round.hkq)),
    'tuned Python messages/s': python ? Math.round(rate((round) => round.peer)) : 'not installed',
    ratio: python ? median(rounds.map(({ hkq, peer }) => peer.seconds / hkq.seconds)).toFixed(2) : null,
    'hkq CPU s': median(rounds.map(({ hkq }) => hkq.cpu)),
    'CPU ratio': python ? median(rounds.map(({ hkq, peer }) => hkq.cpu / peer.cpu)).toFixed(2) : null,
    'hkq peak MB': Math.round(median(rounds.map(({ hkq }) => hkq.peak))),
    stored: rounds.map(({ hkq }) => hkq.stored).join(' '),
  }
}

async function record(port, cwd) {
  const address = `alltick:?endpoint=ws://127.0.0.1:${port}/quote-stock-b-ws-api`
  const symbols = ['700', '9988', '1810', '5', '1299']
  const args = [
    BIN,
    'record',
    ...symbols,
    '--from',
    address,
    '--max-retries',
    '0',
    '--relay',
    'off',
    '--json',
    '--to',
    `sqlite:${join(cwd, 'bench.db')}`,
  ]
  const ran = await measure(process.execPath, args, { cwd, env: { ...process.env, HKQ_ALLTICK_TOKEN: 'bench' } })
  return { ...ran, stored: JSON.parse(ran.stdout).stored }
}

function tuned(python, port, cwd) {
  const script = join(import.meta.dirname, 'peers/tuned.py')
  return measure(python, [script, `ws://127.0.0.1:${port}/`, join(cwd, 'peer.db')])
}
