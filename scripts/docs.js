// Writes docs/commands.md and the help blocks of the READMEs from the built command's own --help.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const BIN = 'bin/hkq.js'

/** The help page of a command as printed 100 columns wide. */
function help(...command) {
  const env = { ...process.env, COLUMNS: '100', NO_COLOR: '1' }
  return execFileSync(process.execPath, [BIN, ...command, '--help'], { encoding: 'utf8', env }).trimEnd()
}

const root = help()
const listed = /\nCommands:\n([\s\S]*?)\n\n/.exec(`${root}\n\n`)[1]
const names = [...listed.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name).filter((name) => name !== 'help')

const pages = names.map((name) => `## hkq ${name}\n\n\`\`\`\n${help(name)}\n\`\`\`\n`)
const intro = '# Command reference\n\nGenerated from `--help` by `npm run docs`.\n'
const exits = readFileSync('docs/exit-codes.md', 'utf8').trimEnd()
writeFileSync('docs/commands.md', [intro, `## hkq\n\n\`\`\`\n${root}\n\`\`\`\n`, ...pages, `${exits}\n`].join('\n'))

for (const file of ['README.md', 'README.zh-CN.md']) {
  const text = readFileSync(file, 'utf8')
  const mended = text.replace(
    /(<!-- help: ?([\w -]*?) ?-->\n```\n)(?:(?!```)[\s\S])*(```)/g,
    (_, before, name, after) => `${before}${help(...name.split(' ').filter(Boolean))}\n${after}`,
  )
  if (mended !== text) writeFileSync(file, mended)
}
