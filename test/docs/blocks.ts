import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')

/** The text of a document of the repository. */
export function textOf(file: string): string {
  return readFileSync(resolve(ROOT, file), 'utf8')
}

/** The code blocks of a document in a language, in order, without the indent of a list they stand in. */
export function blocksOf(file: string, language: string): string[] {
  const block = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^\\1\`\`\`$`, 'gm')
  return [...textOf(file).matchAll(block)].map(([, indent, code]) => code!.replace(new RegExp(`^${indent}`, 'gm'), ''))
}

/** The cells of the table rows of a document whose first cell matches. */
export function rowsOf(file: string, first: RegExp): string[][] {
  return textOf(file)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim())
        .slice(1, -1),
    )
    .filter(([cell]) => first.test(cell!))
}
