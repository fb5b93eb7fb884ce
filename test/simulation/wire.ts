import { toShort } from '../../src/core/market/symbol.ts'
import type { Trade } from './tape.ts'

/** A frame of a WebSocket server: not masked, one of at most 64 KiB. */
export function frameOf(payload: string | Buffer, opcode = 0x1): Buffer {
  const body = Buffer.from(payload)
  if (body.length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, body.length]), body])
  return Buffer.concat([Buffer.from([0x80 | opcode, 126, body.length >> 8, body.length & 0xff]), body])
}

/** Calls back with every whole frame of the bytes pushed; the reference that reads what the fast lane leaves. */
export function frameReader(onFrame: (opcode: number, payload: Buffer) => void): (chunk: Buffer) => void {
  let bytes = Buffer.alloc(0)
  return (chunk) => {
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= 2) {
      const isLong = bytes[1] === 126
      if (isLong && bytes.length < 4) return
      const start = isLong ? 4 : 2
      const end = start + (isLong ? bytes.readUInt16BE(2) : bytes[1]!)
      if (bytes.length < end) return
      const [opcode, payload] = [bytes[0]! & 0xf, Buffer.from(bytes.subarray(start, end))]
      bytes = bytes.subarray(end)
      onFrame(opcode, payload)
    }
  }
}

/** A push of trades as AllTick sends them: one alone, several as a list. */
export function tradePush(trades: readonly Trade[]): string {
  const [first, ...more] = trades.map(
    ({ symbol, seq, time, price, volume }) =>
      `{"code":"${toShort(symbol)}","seq":${seq},"tick_time":${time},"price":"${price}","volume":"${volume}","turnover":"${turnover(price, volume)}","trade_direction":1}`,
  )
  return `{"cmd_id":22998,"data":${more.length === 0 ? first : `[${[first, ...more].join(',')}]`}}`
}

export function bookPush({ symbol, seq, time, price }: Trade): string {
  const bid = (Number(price) - 0.2).toFixed(3)
  return `{"cmd_id":22999,"data":{"code":"${toShort(symbol)}","seq":${seq},"tick_time":${time},"bids":[{"price":"${bid}","volume":"1000"}],"asks":[{"price":"${price}","volume":"500"}]}}`
}

function turnover(price: string, volume: string): string {
  return (Number(price) * Number(volume)).toFixed(3)
}

/** What no vendor should send: broken, foreign, unknown. */
export const GARBAGE: readonly (string | Buffer)[] = [
  '{',
  'gateway timeout',
  '[]',
  'null',
  '""',
  '{"cmd_id":22998}',
  '{"cmd_id":22998,"data":null}',
  '{"cmd_id":22998,"data":[{},{"code":7}]}',
  '{"cmd_id":22999,"data":{"code":"700.HK"}}',
  '{"cmd_id":99999,"data":{"code":"700.HK"}}',
  '{"__proto__":{"cmd_id":22998},"constructor":1}',
  '{"ret":777,"msg":"what is this","cmd_id":0,"seq_id":0,"trace":"","data":{}}',
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
]
