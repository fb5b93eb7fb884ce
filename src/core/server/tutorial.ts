import type { Board } from './board.ts'
import type { Client } from './client.ts'
import { knownSymbol } from './codes.ts'
import { parseObject } from './request.ts'

/**
 * Answers one message of the tutorial's dialect. `subscribe` adds to what the client already has, `unsubscribe` takes
 * away. Nothing is ever acknowledged: the tutorial's client takes every frame for a tick.
 */
export function answerTutorial(client: Client, board: Board, text: string): void {
  const message = parseObject(text)
  if (message === null || !Array.isArray(message.symbols)) return
  const named = new Set(message.symbols.map((symbol) => knownSymbol(symbol)).filter((symbol) => symbol !== null))
  if (message.action === 'subscribe') board.subscribeTrades(client, new Set([...client.trades, ...named]))
  if (message.action === 'unsubscribe') {
    board.subscribeTrades(client, new Set([...client.trades].filter((symbol) => !named.has(symbol))))
  }
}
