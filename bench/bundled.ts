/** Programs of this folder as plain JavaScript: stripping types at run time would count as the time and memory of what is measured. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/** Inside `node_modules`, so that what is not bundled is found. */
export const CACHE = join(import.meta.dirname, '../node_modules/.cache/suture-bench')

const made = new Map<string, Promise<string>>()

/** The path of the bundle of `bench/<name>.ts`. */
export function bundled(name: 'solver' | 'usage'): Promise<string> {
  const known = made.get(name) ?? make(name)
  made.set(name, known)
  return known
}

async function make(name: string): Promise<string> {
  mkdirSync(CACHE, { recursive: true })
  const outfile = join(CACHE, `${name}.mjs`)
  const entryPoints = [join(import.meta.dirname, `${name}.ts`)]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node24', external: ['cadical-wasm'] })
  return outfile
}
