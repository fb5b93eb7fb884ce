import { WebSocket } from 'ws'

/** A page paints at the next of 60 times a second. */
const VSYNC = 1_000 / 60

/**
 * A page of the dashboard without a browser: watches one symbol and acknowledges each frame at the next turn of a screen.
 * @param seen told of each frame: the message, its length in bytes
 */
export async function openViewer(url, { symbol, every, seen = () => {} }) {
  const { token } = await (await fetch(new URL('/session', url))).json()
  const ws = new WebSocket(new URL('/socket', url.replace('http', 'ws')), ['hkq.v1', `hkq.token.${token}`], {
    origin: new URL(url).origin,
  })
  const start = performance.now()
  ws.on('message', (data) => {
    const message = JSON.parse(String(data))
    if (message.type !== 'frame') return
    if (message.n === 1) ws.send(JSON.stringify({ type: 'watch', id: 1, symbol, every }))
    const now = performance.now() - start
    setTimeout(() => ws.send(JSON.stringify({ type: 'painted', n: message.n })), VSYNC - (now % VSYNC))
    seen(message, data.length)
  })
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject))
  return { close: () => ws.terminate() }
}
