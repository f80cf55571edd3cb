/** The solver's part in a process of its own. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { World } from '../src/model/world.ts'
import { bundled, CACHE } from './bundled.ts'
import type { SolverRun } from './solver.ts'
import type { Usage } from './usage.ts'

export interface SolverMeasure extends Usage {
  readonly runs: readonly SolverRun[]
}

/** `rounds` in one process: the first is cold, the others have compiled code. */
export async function measureSolver(world: World, rounds: number): Promise<SolverMeasure> {
  const [program, watcher] = [await bundled('solver'), await bundled('usage')]
  const [worldFile, usageFile] = [join(CACHE, 'world.json'), join(CACHE, 'usage.json')]
  writeFileSync(worldFile, JSON.stringify(world))
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', watcher, program, worldFile, String(rounds)], {
    encoding: 'utf8',
    maxBuffer: 1 << 24,
    env: { ...process.env, SUTURE_BENCH_USAGE: usageFile },
  })
  if (status !== 0) throw new Error(`the solver ended with ${status}: ${stderr}`)
  const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as Usage
  return { ...usage, runs: JSON.parse(stdout) as SolverRun[] }
}
