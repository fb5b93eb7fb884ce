import { HkqError } from '../errors.ts'
import { type Adjustment, Adjustments } from '../market/adjustments.ts'
import { canonicalSymbol } from '../market/symbol.ts'
import { formatDate, parseTime } from '../market/time.ts'
import { recordsIn } from './csv-record.ts'
import { linesOf, openInput } from './lines.ts'

const COLUMNS = ['date', 'symbol', 'factor'] as const

/**
 * Corporate actions from a CSV file with the columns date (YYYY-MM-DD), symbol and factor, in any order.
 * @throws HkqError E_STORAGE when it cannot be read, E_INPUT naming the line that is wrong
 */
export async function adjustmentsIn(path: string): Promise<Adjustments> {
  const rows: string[][] = []
  for await (const records of recordsIn(linesOf(await openInput(path)), ',', path)) {
    for (const { fields } of records) rows.push(fields.map((field) => field.trim()))
  }
  const [header, ...actions] = rows
  if (header === undefined) {
    throw new HkqError('E_INPUT', `"${path}" is empty: it needs a line of the columns date, symbol and factor`)
  }
  const names = header.map((name) => name.toLowerCase())
  const at = COLUMNS.map((name) => names.indexOf(name))
  if (at.includes(-1)) {
    throw new HkqError('E_INPUT', `"${path}" has the columns "${header.join(', ')}": it needs date, symbol and factor`)
  }
  const twice = COLUMNS.find((name) => names.indexOf(name) !== names.lastIndexOf(name))
  if (twice !== undefined)
    throw wrong(path, 'column', twice, 'it stands there twice, take out the one that is not meant')
  const seen = new Set<string>()
  const read = actions.map((fields) => {
    const action = at.map((i) => fields[i] ?? '')
    const line = action.join()
    if (seen.has(line)) throw wrong(path, 'line', line, 'it stands there twice, and both would count')
    seen.add(line)
    return adjustmentOf(action, path)
  })
  return new Adjustments(read)
}

function adjustmentOf([date, code, number]: readonly string[], path: string): Adjustment {
  const [time, symbol, factor] = [parseTime(date!), canonicalSymbol(code!), Number(number)]
  if (Number.isNaN(time) || formatDate(time) !== date) throw wrong(path, 'date', date!, 'write YYYY-MM-DD')
  if (symbol === null) throw wrong(path, 'symbol', code!, 'write e.g. 00700.HK')
  if (!(factor > 0 && factor < Number.POSITIVE_INFINITY)) {
    throw wrong(path, 'factor', number!, 'write what earlier prices are multiplied by, e.g. 0.2 for a split 1 to 5')
  }
  return { date: time, symbol, factor }
}

function wrong(path: string, what: string, value: string, remedy: string): HkqError {
  return new HkqError('E_INPUT', `"${path}" has the ${what} "${value}": ${remedy}`)
}
