import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hkq, rows, workdir } from './hkq.ts'

const ROOT = resolve(import.meta.dirname, '../..')

describe('hkq installed without danfojs-node', () => {
  it('records, resamples and finds volatility, and says in one line what --describe needs', async () => {
    const cwd = workdir()
    for (const part of ['bin', 'dist']) cpSync(join(ROOT, part), join(cwd, part), { recursive: true })
    mkdirSync(join(cwd, 'node_modules'))
    symlinkSync(join(ROOT, 'node_modules/better-sqlite3'), join(cwd, 'node_modules/better-sqlite3'))
    const run = (...args: string[]) => {
      const env = { PATH: process.env.PATH, HOME: cwd, XDG_RUNTIME_DIR: cwd }
      return spawnSync(process.execPath, [join(cwd, 'bin/hkq.js'), ...args], { cwd, env, encoding: 'utf8' })
    }
    expect(run('record', '700', '--from', 'sim:?speed=max&rate=0.5', '-q')).toMatchObject({ status: 0, stderr: '' })
    expect(run('resample', '--every', '1h').stdout.split('\n')).toHaveLength(7)
    expect(run('volatility', '--last').status).toBe(0)
    expect(run('resample', '--describe')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: 'hkq: a DataFrame needs danfojs-node, which is not installed: npm install danfojs-node\n',
    })
  })

  it('prints the summary of a DataFrame where danfojs-node is installed', async () => {
    const cwd = workdir()
    await hkq(['record', '700', '--from', 'sim:?speed=max&rate=0.5', '-q'], { cwd })
    const { code, stdout, stderr } = await hkq(['resample', '--every', '1h', '--describe'], { cwd })
    expect([code, stderr]).toEqual([0, ''])
    const bars = rows<{ close: number }>((await hkq(['resample', '--every', '1h'], { cwd })).stdout)
    const closes = bars.map(({ close }) => close)
    const described = rows<{ field: string }>(stdout)
    expect(described.map(({ field }) => field)).toContain('vwap')
    expect(described.find(({ field }) => field === 'close')).toMatchObject({
      type: 'description',
      count: 6,
      min: Math.min(...closes),
      max: Math.max(...closes),
    })
  })
})
