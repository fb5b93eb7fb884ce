import type { Board } from './board.ts'
import type { Client } from './client.ts'
import { exactSymbol, knownSymbol } from './codes.ts'
import { asciiJson } from './frame.ts'
import { REQUEST_GAP_MS } from './plan.ts'
import { asObject, parseObject } from './request.ts'

/** What the server insists on. */
export interface Rules {
  readonly strict: boolean
  /** Codes per connection and kind; the rest of a list is ignored. */
  readonly maxCodes: number
  /** Most levels of a book. */
  readonly depth: number
  /** Whether the server has this symbol; asked when strict. */
  readonly has: (symbol: string) => boolean
}

interface Request {
  readonly command: number
  /** The command that answers it. */
  readonly answered: number
  readonly seq: number
  readonly trace: string
  readonly data: unknown
}

/** What to say to a request, and what it changes once that is said. */
interface Answer {
  readonly ret: number
  readonly message: string
  readonly effect?: () => void
}

const HEARTBEAT = 22000
const SUBSCRIBE_BOOKS = 22002
const SUBSCRIBE_TRADES = 22004
const CANCEL = 22006
const COMMANDS: ReadonlySet<number> = new Set([HEARTBEAT, SUBSCRIBE_BOOKS, SUBSCRIBE_TRADES, CANCEL])

const HEADER_INVALID: Answer = { ret: 400, message: 'request header param invalid' }
const DATA_INVALID: Answer = { ret: 400, message: 'request data param invalid' }
const CODE_INVALID: Answer = { ret: 600, message: 'code invalid' }
const EXCESS: Answer = { ret: 606, message: 'too many requests and connection will be closed' }

/** Answers one message of AllTick's published protocol. Never throws, whatever the message. */
export function answerAlltick(client: Client, board: Board, rules: Rules, text: string, now: number): void {
  const request = parseRequest(text, rules.strict)
  const last = client.requestedAt
  client.requestedAt = now
  if (rules.strict && last !== null && now - last < REQUEST_GAP_MS) {
    dismiss(client, request)
    return
  }
  const answer = request === null ? HEADER_INVALID : answerTo(request, client, board, rules, now)
  send(client, request, answer)
  answer.effect?.()
}

/** Says that the plan is exceeded, and closes. */
export function dismiss(client: Client, request: Request | null = null): void {
  send(client, request, EXCESS)
  client.close(1008, EXCESS.message)
}

function send(client: Client, request: Request | null, { ret, message }: Answer): void {
  const { answered, seq, trace } = request ?? { answered: 0, seq: 0, trace: '' }
  client.reply(
    `{"ret":${ret},"msg":"${message}","cmd_id":${answered},"seq_id":${seq},"trace":${asciiJson(trace)},"data":{}}`,
  )
}

function answerTo(request: Request, client: Client, board: Board, rules: Rules, now: number): Answer {
  switch (request.command) {
    case HEARTBEAT:
      client.heartbeatAt = now
      return ok()
    case SUBSCRIBE_BOOKS:
    case SUBSCRIBE_TRADES:
      return subscribe(request, client, board, rules)
    case CANCEL:
      return cancel(request, client, board)
    default:
      return HEADER_INVALID
  }
}

function ok(effect: () => void = () => {}): Answer {
  return { ret: 200, message: 'ok', effect }
}

function parseRequest(text: string, strict: boolean): Request | null {
  const message = parseObject(text)
  if (message === null) return null
  const command = uint32(message.cmd_id)
  const seq = uint32(message.seq_id)
  const trace = typeof message.trace === 'string' ? message.trace : null
  if (command === null) return null
  if (strict && (seq === null || trace === null || trace.length > 64 || asObject(message.data) === null)) return null
  const answered = COMMANDS.has(command) ? command + 1 : command
  return { command, answered, seq: seq ?? 0, trace: trace ?? '', data: message.data }
}

function uint32(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 2 ** 32 ? number : null
}

function subscribe({ command, data }: Request, client: Client, board: Board, rules: Rules): Answer {
  const list = asObject(data)?.symbol_list
  if (!Array.isArray(list)) return DATA_INVALID
  const wanted = new Map<string, number>()
  for (const entry of list as readonly unknown[]) {
    const item = asObject(entry)
    const code = item ? item.code : entry
    if (rules.strict && (item === null || typeof code !== 'string' || !isLevel(item.depth_level))) return DATA_INVALID
    const symbol = rules.strict ? served(code, client, rules) : knownSymbol(code)
    if (symbol !== null) wanted.set(symbol, levels(item?.depth_level, rules.depth))
    else if (rules.strict) return CODE_INVALID
  }
  const granted = new Map([...wanted].slice(0, rules.maxCodes))
  return ok(() => {
    if (command === SUBSCRIBE_BOOKS) board.subscribeBooks(client, granted)
    else board.subscribeTrades(client, new Set(granted.keys()))
  })
}

function served(code: unknown, client: Client, rules: Rules): string | null {
  const symbol = client.forex ? null : exactSymbol(code)
  return symbol !== null && rules.has(symbol) ? symbol : null
}

function isLevel(value: unknown): boolean {
  return value === undefined || uint32(value) !== null
}

/** As many levels as asked for; all there are where that is nothing sensible. */
function levels(asked: unknown, most: number): number {
  return typeof asked === 'number' && asked >= 1 ? Math.min(Math.floor(asked), most) : most
}

function cancel({ data }: Request, client: Client, board: Board): Answer {
  const type = uint32(asObject(data)?.cancel_type)
  if (type === null || type > 3) return DATA_INVALID
  return ok(() => {
    if (type === 0 || type === 1) board.subscribeBooks(client, new Map())
    if (type === 0 || type === 2) board.subscribeTrades(client, new Set())
  })
}
