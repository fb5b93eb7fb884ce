import { toPadded } from '../market/symbol.ts'
import type { Rules } from './alltick.ts'
import type { Board } from './board.ts'
import type { Client } from './client.ts'
import { knownSymbol } from './codes.ts'
import { asciiJson } from './frame.ts'
import { asObject, parseObject } from './request.ts'

const MINUTE_MS = 60_000
/** Frames of one connection in a minute, heartbeats among them. */
const FRAMES_A_MINUTE = 60
const HEARTBEAT = 10010
const SUBSCRIBE_TRADES = 10000
const SUBSCRIBE_BOOKS = 10003
const CANCEL_TRADES = 11000
const CANCEL_BOOKS = 11001
const CANCELLED = 11010
const COMMANDS: ReadonlySet<number> = new Set([SUBSCRIBE_TRADES, SUBSCRIBE_BOOKS, CANCEL_TRADES, CANCEL_BOOKS])

type Json = Readonly<Record<string, unknown>>

/** What a connection is greeted with: a plain text, then JSON. */
export function greetInfoway(client: Client): void {
  client.reply('You have permission to subscribe to all market data')
  client.reply('{"code":200,"msg":"ws connect success"}')
}

/** What to say to a message, and what it changes once that is said. */
interface Answer {
  readonly text: string
  readonly effect?: () => void
}

/**
 * Answers one message of Infoway's protocol. Subscribing adds to what the client has; unknown codes are accepted and stay
 * silent; a heartbeat is not answered. Never throws, whatever the message.
 */
export function answerInfoway(client: Client, board: Board, rules: Rules, text: string, now: number): void {
  if (rules.strict && exceedsBudget(client, now)) {
    dismissInfoway(client, 501, 'Request frequency exceeded')
    return
  }
  const message = parseObject(text)
  if (message === null) {
    client.reply('Param not json')
    return
  }
  if (message.code === HEARTBEAT) {
    client.heartbeatAt = now
    return
  }
  const answer = answerTo(message, client, board, rules)
  client.reply(answer.text)
  answer.effect?.()
}

function answerTo(message: Json, client: Client, board: Board, rules: Rules): Answer {
  const trace = typeof message.trace === 'string' ? message.trace.slice(0, 64) : ''
  const code = Number(message.code)
  if (!COMMANDS.has(code)) return { text: refusal(506, 'Param error：The code is out of range', trace) }
  const isCancel = code === CANCEL_TRADES || code === CANCEL_BOOKS
  const isTrades = code === SUBSCRIBE_TRADES || code === CANCEL_TRADES
  const codes = asObject(message.data)?.codes
  if (typeof codes !== 'string' && !isCancel) return { text: refusal(507, 'Param lost：data', trace) }
  const named = typeof codes === 'string' ? symbolsIn(codes, client, rules) : null
  const had: ReadonlySet<string> = isTrades ? client.trades : new Set(client.books.keys())
  const wanted = isCancel ? without(had, named) : new Set([...had, ...named!])
  if (wanted.size > rules.maxCodes) return { text: refusal(505, 'Products quantity exceeded', trace) }
  return {
    text: `{"code":${isCancel ? CANCELLED : code + 1},"trace":${asciiJson(trace)},"msg":"ok"}`,
    effect: () => {
      if (isTrades) board.subscribeTrades(client, wanted)
      else board.subscribeBooks(client, new Map([...wanted].map((symbol) => [symbol, rules.depth])))
    },
  }
}

/** Says why, and closes. */
export function dismissInfoway(client: Client, code: number, words: string): void {
  client.reply(refusal(code, words, ''))
  client.close(1008, words)
}

function refusal(code: number, words: string, trace: string): string {
  return `{"traceId":${asciiJson(trace)},"code":${code},"msg":${asciiJson(words)}}`
}

function exceedsBudget(client: Client, now: number): boolean {
  const recent = client.requests.filter((time) => time > now - MINUTE_MS)
  client.requests = [...recent, now]
  return recent.length >= FRAMES_A_MINUTE
}

/** Strictly, five digits are asked for, and the symbol must be one that the server has. */
function symbolsIn(codes: string, client: Client, { strict, has }: Rules): string[] {
  return codes.split(',').flatMap((code) => {
    const symbol = client.forex ? null : knownSymbol(code)
    if (symbol === null || (strict && (toPadded(symbol) !== code || !has(symbol)))) return []
    return [symbol]
  })
}

/** What is left when these are cancelled; nothing when none is named. */
function without(had: ReadonlySet<string>, named: readonly string[] | null): Set<string> {
  return new Set(named === null ? [] : [...had].filter((symbol) => !named.includes(symbol)))
}
