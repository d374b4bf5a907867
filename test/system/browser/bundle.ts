import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A module of this directory and all it imports, as one script for a browser. Anything of Node's in it is an error. */
export async function bundleForBrowser(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}
