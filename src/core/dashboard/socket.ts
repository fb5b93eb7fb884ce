import { type RawData, WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import { parsePageMessage } from './messages.ts'
import type { ServerMessage } from './protocol.ts'
import { Viewer, type ViewerContext } from './viewer.ts'

/** Wishes of a page in a second; what it has painted is not one. */
const MOST_WISHES = 20
/** Bytes that may wait for a page: some of its longest pasts. */
const MOST_WAITING = 8 << 20

/**
 * Shows what there is to one page, until it goes: closes its connection at what no page says, and lets it go where it
 * reads too slowly.
 * @throws whatever is wrong with what is shown; the connection is closed then
 */
export async function serveSocket(ws: WebSocket, context: Omit<ViewerContext, 'send'>, clock: Clock): Promise<void> {
  const gone = new AbortController()
  const viewer = new Viewer({ ...context, send: (message) => send(ws, message) })
  const budget = new Budget(clock)
  ws.on('error', () => {})
  ws.on('close', () => gone.abort())
  ws.on('message', (data, isBinary) => {
    if (ws.readyState !== WebSocket.OPEN) return
    if (isBinary || !isTaken(viewer, data, budget)) ws.close(1008, 'not understood')
  })
  try {
    await viewer.run(gone.signal)
  } catch (error) {
    ws.close(1011, 'failed')
    throw error
  }
}

/** Wishes of one page in the second that runs. */
class Budget {
  readonly #clock: Clock
  #second = 0
  #wishes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  take(): boolean {
    const second = Math.floor(this.#clock.monotonic() / 1_000)
    if (second !== this.#second) this.#wishes = 0
    this.#second = second
    return ++this.#wishes <= MOST_WISHES
  }
}

/** Whether a message is one that a page says, when it says it. */
function isTaken(viewer: Viewer, data: RawData, budget: Budget): boolean {
  const message = parsePageMessage((data as Buffer).toString('utf8'))
  if (message === null) return false
  return (message.type === 'painted' || budget.take()) && viewer.receive(message)
}

function send(ws: WebSocket, message: ServerMessage): void {
  if (ws.readyState !== WebSocket.OPEN) return
  ws.send(JSON.stringify(message))
  if (ws.bufferedAmount > MOST_WAITING) ws.terminate()
}
