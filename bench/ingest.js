import { join } from 'node:path'
import { feedAddress, folder, hkq, medianOf, peer, pythonWith, SYMBOLS, sizeOf, startFeed } from './support/run.js'

const ROUNDS = 3

/** Wire trades over a WebSocket into the store, every tick kept; in turn with tuned Python on the same feed. */
export async function ingest({ trades = 1_000_000, books = 0 } = {}) {
  const python = pythonWith('websockets')
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ ours: await record(trades, books), tuned: python && (await tuned(python, trades, books)) })
  }
  const figures = {
    messages: trades + books,
    'hkq messages/s': medianOf(rounds, ({ ours }) => (trades + books) / ours.seconds, 0),
    'hkq CPU s': medianOf(rounds, ({ ours }) => ours.cpu),
    'hkq peak MB': medianOf(rounds, ({ ours }) => ours.peak, 0),
    'hkq bytes/tick': medianOf(rounds, ({ ours }) => ours.bytes / trades, 1),
    stored: rounds.map(({ ours }) => ours.stored).join(' '),
  }
  if (!python) return { ...figures, 'tuned Python': 'not installed' }
  return {
    ...figures,
    'tuned Python messages/s': medianOf(rounds, ({ tuned }) => (trades + books) / tuned.seconds, 0),
    'times as fast as tuned Python': medianOf(rounds, ({ ours, tuned }) => tuned.seconds / ours.seconds),
    'CPU of tuned Python': medianOf(rounds, ({ ours, tuned }) => ours.cpu / tuned.cpu),
  }
}

async function record(trades, books) {
  const feed = await startFeed({ trades, books })
  const cwd = folder()
  const from = ['--from', feedAddress(feed.port), '--max-retries', '0', '--relay', 'off']
  const ran = await hkq(['record', ...SYMBOLS, ...from, '--json', '--to', `sqlite:${join(cwd, 'bench.db')}`], cwd)
  const bytes = sizeOf(cwd)
  feed.stop()
  return { ...ran, bytes, stored: JSON.parse(ran.stdout).stored }
}

async function tuned(python, trades, books) {
  const feed = await startFeed({ trades, books })
  const ran = await peer(python, 'tuned.py', [`ws://127.0.0.1:${feed.port}/`, join(folder(), 'peer.db')])
  feed.stop()
  return ran
}
