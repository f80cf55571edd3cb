/**
 * One process that does the solver's part and nothing else: `<world.json>` in, what it took out. The world is that of the last round, when
 * nothing is unread any more.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { boundYoungGeneration } from '../src/cli/young-generation.ts'
import type { World } from '../src/model/world.ts'
import { encode } from '../src/plan/encode.ts'
import { Optimisation } from '../src/plan/optimise.ts'
import { reduce } from '../src/plan/reduce.ts'
import { openSat } from '../src/plan/sat.ts'

export interface SolverRun {
  readonly reduceMs: number
  readonly encodeMs: number
  readonly optimiseMs: number
  readonly units: number
  readonly candidates: number
  readonly levels: readonly { readonly name: string; readonly optimum: number }[]
}

export async function solveOnce(world: World): Promise<SolverRun> {
  const sat = await openSat()
  try {
    const started = performance.now()
    const reduced = reduce(world)
    const afterReduce = performance.now()
    const encoded = encode(world, reduced, sat, { manifest: false })
    const afterEncode = performance.now()
    const solution = new Optimisation(world, encoded, {}).upTo()
    const done = performance.now()
    return {
      reduceMs: afterReduce - started,
      encodeMs: afterEncode - afterReduce,
      optimiseMs: done - afterEncode,
      units: world.units.length,
      candidates: reduced.live.filter(Boolean).length,
      levels: (solution?.levels ?? []).map(({ name, optimum }) => ({ name, optimum })),
    }
  } finally {
    sat.dispose()
  }
}

if (import.meta.main) {
  const world = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as World
  // As the command line has it by then.
  using _ = boundYoungGeneration()
  await sleep(50)
  const runs: SolverRun[] = []
  for (let round = 0; round < Number(process.argv[3] ?? 1); round++) runs.push(await solveOnce(world))
  process.stdout.write(JSON.stringify(runs))
}
