/**
 * The planner's loop. It starts with only the vulnerable packages told apart; every other package that could change is one stand-in
 * that satisfies all and needs nothing. While the best plan uses stand-ins, their packages are read and told apart. The plan that
 * uses none is the optimum of the whole world: every stand-in was at least as good as each version it stood for. A version whose archive
 * bundles others is taken for clean in the same way until its archive was read.
 */
import { Fault } from '../model/faults.ts'
import type { BuiltWorld, WorldSource } from '../model/world.ts'
import type { CoreHints } from './core-hints.ts'
import { encode } from './encode.ts'
import { type Bounds, Optimisation, type Solution, UP_TO_UNREAD, unreadIn } from './optimise.ts'
import { type Reduced, reduce } from './reduce.ts'
import { openSat } from './sat.ts'

export interface Chosen<Built extends BuiltWorld> {
  readonly built: Built
  readonly reduced: Reduced
  readonly solution: Solution
}

export interface ChooseOptions {
  readonly bounds: Bounds
  readonly manifest: boolean
  readonly banned: ReadonlySet<string>
  /** Grows; hand the same set to the next question about the same target. */
  readonly expanded: Set<string>
  /** Grows as well. */
  readonly hints?: CoreHints
  /** Only what has to be read is wanted: the plan is then not decided in what does not matter for that. */
  readonly readingOnly?: boolean
  readonly progress?: (round: number, packages: number) => void
}

const MAX_ROUNDS = 200
/** Packages that a plan could come to need: far above what real projects take, as a registry can make up needs without end. */
const MAX_UNREAD = 10_000

export async function choose<Built extends BuiltWorld>(source: WorldSource<Built>, options: ChooseOptions): Promise<Chosen<Built>> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    options.progress?.(round, options.expanded.size)
    const built = source.build({ expanded: options.expanded, banned: options.banned, manifest: options.manifest })
    if (built.world.units.filter(unit => unit.standIn).length > MAX_UNREAD) {
      throw new Fault('planner-limit', `A plan would have to look into more than ${MAX_UNREAD} packages.`)
    }
    const reduced = reduce(built.world)
    const outcome = await solve(built, reduced, options)
    if (outcome.unread.length === 0) return { built, reduced, solution: outcome.solution }
    await source.read(outcome.unread)
    for (const name of outcome.unread) options.expanded.add(name)
  }
  throw new Fault('planner-limit', `No plan within ${MAX_ROUNDS} rounds of reading.`)
}

/** The last levels decide only between plans that are equal in all that matters, so they wait until nothing is unread. */
async function solve(
  built: BuiltWorld,
  reduced: Reduced,
  options: ChooseOptions,
): Promise<{ solution: Solution; unread: readonly string[] }> {
  const sat = await openSat()
  try {
    const encoded = encode(built.world, reduced, sat, { manifest: options.manifest, bindingPeersOnly: options.readingOnly === true })
    const optimisation = new Optimisation(built.world, encoded, options.bounds, options.hints)
    const first = optimisation.upTo(UP_TO_UNREAD)
    const unread = first === undefined ? [] : unreadIn(built.world, first)
    const solution = unread.length > 0 || options.readingOnly === true ? first : optimisation.upTo()
    if (solution === undefined) throw new Fault('internal', 'The target as it is breaks the planner’s own rules.')
    return { solution, unread }
  } finally {
    sat.dispose()
  }
}
