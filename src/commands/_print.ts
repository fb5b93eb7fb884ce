import type { Column } from '../core/terminal/columns.ts'
import { createOutput, type Format, type Output } from '../core/terminal/output.ts'
import { type ColourScheme, createPalette, type Palette, wantsColour } from '../core/terminal/palette.ts'
import { createZone, type Zone } from '../core/terminal/zone.ts'
import { type Io, type Output as Stream, say } from './_io.ts'
import type { CommonOptions } from './_options.ts'

/** The format asked for: a table in a terminal, one object a line elsewhere. */
export function formatOf(options: CommonOptions, io: Io): Format {
  return options.json ? 'ndjson' : (options.format ?? (io.stdout.isTTY ? 'table' : 'ndjson'))
}

export function paletteOf(stream: Stream, options: CommonOptions, io: Io, scheme?: ColourScheme): Palette {
  const wish = { isTTY: Boolean(stream.isTTY), flag: options.color, noColor: io.env.NO_COLOR, term: io.env.TERM }
  return createPalette(wantsColour({ ...wish, forceColor: io.env.FORCE_COLOR }), scheme)
}

export function zoneOf({ tz }: CommonOptions): Zone {
  return createZone(tz)
}

/** Records on standard output in the format asked for. */
export function printer<R extends { readonly type: string }>(
  options: CommonOptions,
  io: Io,
  table: { columns: readonly Column<R>[]; whole?: boolean; scheme?: ColourScheme; fields?: readonly string[] },
): Output<R> {
  const { columns, whole = false, scheme, fields } = table
  return createOutput<R>({
    ...{ format: formatOf(options, io), stream: io.stdout, columns, whole, tz: options.tz },
    palette: paletteOf(io.stdout, options, io, scheme),
    ...(fields && { fields }),
    ...(io.stdout.isTTY && io.stdout.columns && { width: io.stdout.columns }),
  })
}

/** A line on stderr unless `-q`. */
export function tell(line: string, options: CommonOptions, io: Io): void {
  if (!options.quiet) say(io, line)
}
