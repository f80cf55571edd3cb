/** The solver's part in processes of its own: bundled, because stripping types at run time would count as its memory. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { World } from '../src/model/world.ts'
import type { SolverRun } from './solver.ts'
import type { Usage } from './usage.ts'

const FOLDER = join(import.meta.dirname, '../node_modules/.cache/suture-bench')

export interface SolverMeasure extends Usage {
  readonly runs: readonly SolverRun[]
}

/** `rounds` in one process: the first is cold, the others have compiled code. */
export async function measureSolver(world: World, rounds: number): Promise<SolverMeasure> {
  mkdirSync(FOLDER, { recursive: true })
  const [worldFile, usageFile, program, watcher] = ['world.json', 'usage.json', 'solver.mjs', 'usage.mjs'].map(name =>
    join(FOLDER, name),
  ) as [string, string, string, string]
  writeFileSync(worldFile, JSON.stringify(world))
  for (const [entry, outfile] of [
    ['solver.ts', program],
    ['usage.ts', watcher],
  ] as const) {
    const entryPoints = [join(import.meta.dirname, entry)]
    await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node24', external: ['cadical-wasm'] })
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', watcher, program, worldFile, String(rounds)], {
    encoding: 'utf8',
    maxBuffer: 1 << 24,
    env: { ...process.env, SUTURE_BENCH_USAGE: usageFile },
  })
  if (status !== 0) throw new Error(`the solver ended with ${status}: ${stderr}`)
  const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as Usage
  return { ...usage, runs: JSON.parse(stdout) as SolverRun[] }
}
