import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/**
 * Makes the dashboard's page: its markup, one style sheet and one script.
 * @returns the files that the script was made of
 */
export async function buildPage(folder) {
  const { metafile } = await build({
    entryPoints: { page: 'src/page/page.ts' },
    outdir: folder,
    bundle: true,
    minify: true,
    platform: 'browser',
    target: ['chrome110', 'firefox115', 'safari16.4'],
    format: 'iife',
    legalComments: 'eof',
    logLevel: 'warning',
    metafile: true,
  })
  copyFileSync('src/page/index.html', join(folder, 'index.html'))
  return Object.keys(metafile.inputs)
}
