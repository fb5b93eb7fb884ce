import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Command } from 'commander'
import { PLANS, type Plan } from '../core/address/source-options.ts'
import { HkqError, messageOf } from '../core/errors.ts'
import { type Io, say } from './_io.ts'
import { defineCommand } from './_options.ts'
import { ALLTICK, QUOTE_VENDORS, type VendorNames } from './_token.ts'
import { choice } from './_values.ts'

interface Options {
  vendor: 'alltick' | 'infoway'
  plan: Plan
  force?: boolean
}

export function define(io: Io): Command {
  return defineCommand('init', io)
    .description(
      'Writes your configuration: the token or key into a file only you can read, and the plan it belongs to.\n' +
        'It is asked for in a terminal, or read from standard input.',
    )
    .option('--vendor <name>', 'whose it is (alltick|infoway)', choice('vendor', ['alltick', 'infoway']), 'alltick')
    .option('--plan <plan>', `the vendor's plan (${PLANS.join('|')})`, choice('plan', PLANS), 'basic')
    .option('--force', 'replace what is there')
    .action(async (options: Options) => {
      const folder = join(io.env.XDG_CONFIG_HOME || join(io.home, '.config'), 'hkq')
      const config = join(folder, 'config.json')
      const names = QUOTE_VENDORS[options.vendor]
      const secretFile = join(folder, names.secret)
      for (const file of [config, secretFile]) refuseToReplace(file, options.force)
      const answer = await ask(`${names.title} ${names.secret}`, io)
      if (answer === null) {
        io.exitCode = 130
        return
      }
      const token = answer.trim()
      if (!/^[\x21-\x7e]{1,512}$/.test(token)) {
        throw new HkqError(
          'E_TOKEN',
          `that is no ${names.secret}: it must be one word of plain letters, digits and signs`,
        )
      }
      save(folder, [
        [secretFile, `${token}\n`],
        [config, `${JSON.stringify(settingsFor(names, options.plan), null, 2)}\n`],
      ])
      say(io, `wrote ${config} and ${secretFile}`)
      const vendor = names === ALLTICK ? '' : ` --vendor ${names.section}`
      say(io, `next: hkq probe-endpoints --auth${vendor}, then hkq stream`)
    })
}

/** AllTick is what live commands read by default; another vendor has to be named. */
function settingsFor(names: VendorNames, plan: Options['plan']): object {
  const vendor = { [`${names.secret}File`]: names.secret, plan }
  const from = names === ALLTICK ? {} : { from: `${names.section}:` }
  return { ...from, symbols: ['HSI', '00700.HK'], [names.section]: vendor }
}

function refuseToReplace(file: string, force = false): void {
  if (!force && existsSync(file)) {
    throw new HkqError('E_CONFIG', `"${file}" is there already: edit it, or run hkq init --force to replace it`)
  }
}

/** Each file is made anew for its user alone, whatever stands in its place now: other rights, or a link. */
function save(folder: string, files: readonly (readonly [string, string])[]): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const [file, text] of files) {
      rmSync(`${file}.new`, { force: true })
      writeFileSync(`${file}.new`, text, { mode: 0o600, flag: 'wx' })
      renameSync(`${file}.new`, file)
    }
  } catch (cause) {
    throw new HkqError('E_CONFIG', `cannot write into "${folder}": ${messageOf(cause)}`, { cause })
  }
}

/** One line from standard input; in a terminal it is asked for, not echoed, and null when Ctrl-C was the answer. */
async function ask(what: string, io: Io): Promise<string | null> {
  const terminal = Boolean((io.stdin as { isTTY?: boolean }).isTTY)
  if (terminal) io.stderr.write(`${what} (not shown): `)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: io.stdin, output: silent, terminal })
  io.interrupted.addEventListener('abort', () => lines.close())
  try {
    for await (const line of lines) return line
    return terminal ? null : ''
  } finally {
    lines.close()
    if (terminal) io.stderr.write('\n')
  }
}
