import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { putFile } from '../../../src/core/storage/parquet/put-file.ts'
import { temporaryDirectory } from '../records.ts'

type Row = readonly [time: number, volume: number | null]

const ROWS: readonly Row[] = [
  [1, 100],
  [2, null],
  [3, 0],
]

async function* given(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  for (const row of rows) yield [row]
}

/** A file in a folder that is not there yet, and what putting rows in it whose copy reads as `read` comes to. */
async function put(file: string, read: readonly Row[], rows = ROWS): Promise<number> {
  return putFile<Row>(file, {
    write: async (aside) => {
      if (rows.length > 0) writeFileSync(aside, JSON.stringify(rows))
      return rows.length
    },
    read: () => given(read),
    records: () => given(rows),
    cells: (row) => row,
  })
}

describe('a file that takes the place of rows', () => {
  const directory = temporaryDirectory()
  const file = (name: string) => join(directory, name, 'ticks.parquet')

  it('is refused at once where no folder can be made', async () => {
    await expect(put('/proc/nobody-makes-this/ticks.parquet', ROWS)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is there when it reads back row for row', async () => {
    expect(await put(file('same'), [...ROWS])).toBe(3)
    expect(readdirSync(join(directory, 'same'))).toEqual(['ticks.parquet'])
  })

  it.each<[string, Row[]]>([
    ['a row too few', ROWS.slice(0, 2)],
    ['a row too many', [...ROWS, [4, 1]]],
    ['none', []],
    ['null for a number', [ROWS[0]!, ROWS[1]!, [3, null]]],
    ['zero for null', [ROWS[0]!, [2, 0], ROWS[2]!]],
    ['two rows the other way round', [ROWS[1]!, ROWS[0]!, ROWS[2]!]],
  ])('is none where it reads back with %s, and the one before stays', async (name, read) => {
    const path = file(name)
    await put(path, [[9, 9]], [[9, 9]])
    await expect(put(path, read)).rejects.toMatchObject({
      code: 'E_STORAGE',
      message: expect.stringMatching(/row \d+ read back is not what was written: nothing was deleted/),
    })
    expect(readFileSync(path, 'utf8')).toBe('[[9,9]]')
    expect(readdirSync(join(directory, name))).toEqual(['ticks.parquet'])
  })

  it('takes no room on a disk that was full in the middle of it', async () => {
    const path = file('full')
    const write = async (aside: string): Promise<number> => {
      writeFileSync(aside, 'half of it')
      throw new Error('No space left on device')
    }
    const nothing = { read: () => given([]), records: () => given([]), cells: (row: Row) => row }
    await expect(putFile<Row>(path, { write, ...nothing })).rejects.toThrow('No space left')
    expect(readdirSync(join(directory, 'full'))).toEqual([])
  })

  it('is not made of nothing, nor a folder for it', async () => {
    expect(await put(file('nothing'), [], [])).toBe(0)
    expect(readdirSync(directory)).not.toContain('nothing')
  })
})
