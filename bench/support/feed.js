// A server that speaks AllTick's wire form as fast as the other side reads: frames are encoded before the clock starts.
// Run as a child process: node feed.js '{"trades":1000000,"books":0,"perSecond":0}'; tells its port through IPC.
import { WebSocketServer } from 'ws'

const OPEN = Date.UTC(2026, 10, 20, 1, 30)
const CHUNK = 512

const { trades, books = 0, perSecond = 0, symbols = 0 } = JSON.parse(process.argv[2])
const SYMBOLS =
  symbols > 0
    ? Array.from({ length: symbols }, (_, i) => `${i + 1}.HK`)
    : ['700.HK', '9988.HK', '1810.HK', '5.HK', '1299.HK']
const chunks = perSecond > 0 ? [] : encodeAll()

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => process.send({ port: server.address().port }))
server.on('connection', (socket, request) => {
  const raw = request.socket
  let begun = false
  socket.on('error', () => {})
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data))
    if (frame.action === undefined) {
      const { cmd_id, seq_id, trace } = frame
      socket.send(JSON.stringify({ ret: 200, msg: 'ok', cmd_id: cmd_id + 1, seq_id, trace, data: {} }))
    }
    if (begun || frame.cmd_id === 22000) return
    begun = true
    process.send({ begun: Date.now() })
    if (perSecond > 0) paced(socket)
    else void flood(raw, socket)
  })
})

async function flood(raw, socket) {
  for (const chunk of chunks) if (!raw.write(chunk)) await new Promise((drained) => raw.once('drain', drained))
  socket.close(1000)
}

/** `perSecond` trades a second in small bursts, a book before each where there are any, stamped with the present, so that latency can be read off the store. */
function paced(socket) {
  let sent = 0
  const start = performance.now()
  const timer = setInterval(() => {
    const due = Math.min(trades, Math.floor(((performance.now() - start) / 1000) * perSecond))
    while (sent < due) {
      if (books > 0) socket.send(bookText(sent, Date.now()))
      socket.send(tradeText(sent++, Date.now()))
    }
    if (sent < trades) return
    clearInterval(timer)
    socket.close(1000)
  }, 1)
}

function encodeAll() {
  const out = []
  const step = (5.5 * 3_600_000 - 1000) / trades
  const every = books > 0 ? trades / books : Number.POSITIVE_INFINITY
  let batch = []
  for (let i = 0, nextBook = 0; i < trades; i++) {
    const elapsed = Math.floor(i * step)
    const time = OPEN + elapsed + (elapsed >= 2.5 * 3_600_000 ? 3_600_000 : 0)
    for (; nextBook <= i; nextBook += every) batch.push(frameOf(bookText(i, time)))
    batch.push(frameOf(tradeText(i, time)))
    if (batch.length >= CHUNK) {
      out.push(Buffer.concat(batch))
      batch = []
    }
  }
  out.push(Buffer.concat(batch))
  return out
}

function tradeText(i, time) {
  const code = SYMBOLS[i % SYMBOLS.length]
  const price = (500 + ((i * 7919) % 41) * 0.2).toFixed(3)
  const volume = 100 * (1 + (i % 37))
  return `{"cmd_id":22998,"data":{"code":"${code}","seq":${i + 1},"tick_time":${time},"price":"${price}","volume":"${volume}","turnover":"${(price * volume).toFixed(3)}","trade_direction":${i % 3}}}`
}

function bookText(i, time) {
  const side = (sign) =>
    Array.from(
      { length: 10 },
      (_, n) => `{"price":"${(504 + sign * 0.2 * (n + 1)).toFixed(3)}","volume":"${100 * (n + 1)}"}`,
    ).join(',')
  return `{"cmd_id":22999,"data":{"code":"${SYMBOLS[i % SYMBOLS.length]}","seq":${i + 1},"tick_time":${time},"bids":[${side(-1)}],"asks":[${side(1)}]}}`
}

/** One unmasked text frame. */
function frameOf(text) {
  const body = Buffer.from(text)
  const head =
    body.length < 126 ? Buffer.from([0x81, body.length]) : Buffer.from([0x81, 126, body.length >> 8, body.length & 255])
  return Buffer.concat([head, body])
}
