import type { PassThrough } from 'node:stream'

/** All that was written to a stream and not read yet: newer Nodes give it piece by piece. */
export function printed(stream: PassThrough): string {
  let text = ''
  for (let piece = stream.read(); piece !== null; piece = stream.read()) text += String(piece)
  return text
}
