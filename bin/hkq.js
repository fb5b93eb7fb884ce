#!/usr/bin/env node
// Loads the built command with the code V8 compiled at build time, which halves its start-up. V8 itself refuses code of
// another version, and compiles then.
const { existsSync, readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { join } = require('node:path')
const { Script } = require('node:vm')

const built = join(__dirname, '../dist')
const filename = join(built, 'cli.cjs')
const cache = join(built, 'cli.cache')
const cli = { exports: {} }
const script = new Script(`(function (exports, require, module) {${readFileSync(filename, 'latin1')}\n})`, {
  filename,
  ...(existsSync(cache) && { cachedData: readFileSync(cache) }),
})
script.runInThisContext()(cli.exports, createRequire(filename), cli)
cli.exports.run(built)
