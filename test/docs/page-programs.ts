import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, textOf } from './blocks.ts'
import type { Figures } from './pandas-reference.ts'

/** One shell block of a page, what it printed, and what the page shows of it. */
export interface ShellBlock {
  code: string
  stdout: string
  status: number | null
  shown: string | null
}

/** Makes `folder` what a user has: hkq on the path, and installed as a package. */
export function installHkq(folder: string): void {
  mkdirSync(join(folder, 'node_modules'))
  mkdirSync(join(folder, 'bin'))
  symlinkSync(ROOT, join(folder, 'node_modules/hkq'), 'junction')
  const script = `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'bin/hkq.js')}" "$@"\n`
  writeFileSync(join(folder, 'bin/hkq'), script, { mode: 0o755 })
}

/** Runs the shell blocks of a page in order. */
export function runShell(page: string, folder: string): ShellBlock[] {
  const blocks = textOf(page).matchAll(/^```sh\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm)
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder, XDG_RUNTIME_DIR: folder }
  return [...blocks].map(([, code, shown = null]) => {
    const { stdout, status } = spawnSync('sh', ['-ec', code!], { cwd: folder, env, encoding: 'utf8' })
    return { code: code!, stdout, status, shown }
  })
}

/** Runs a module that gives its figures as the expression `figures`. */
export function runModule(code: string, figures: string, folder: string): Figures {
  const tail = `\n;(await import('node:fs')).writeFileSync('js.json', JSON.stringify(${figures}))\n`
  writeFileSync(join(folder, 'page.mjs'), code + tail)
  execFileSync(process.execPath, ['page.mjs'], { cwd: folder, stdio: 'pipe' })
  return figuresIn(folder, 'js.json')
}

/** Runs a Python program that gives its figures as the expression `figures`. Charts are not drawn. */
export function runPython(python: string, code: string, figures: string, folder: string): Figures {
  writeFileSync(join(folder, 'no_charts.py'), 'def plot(data, kind, **options):\n    return None\n')
  const head = "import pandas\npandas.set_option('plotting.backend', 'no_charts')\n"
  const tail = `
import json
plain = lambda values: [None if v is None or v != v else float(v) for v in values]
json.dump({name: plain(values) for name, values in ${figures}.items()}, open('py.json', 'w'))
`
  writeFileSync(join(folder, 'page.py'), head + code + tail)
  execFileSync(python, ['-W', 'ignore', 'page.py'], { cwd: folder, stdio: 'pipe' })
  return figuresIn(folder, 'py.json')
}

/** The first Python there is that can import these modules. */
export function pythonWith(...modules: string[]): string | undefined {
  return ['python3', '/usr/bin/python3'].find(
    (name) => spawnSync(name, ['-c', modules.map((module) => `import ${module}\n`).join('')]).status === 0,
  )
}

function figuresIn(folder: string, file: string): Figures {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Figures
}
