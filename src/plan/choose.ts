/**
 * The planner's loop. It starts with only the vulnerable packages told apart; every other package that could change is one stand-in
 * that satisfies all and needs nothing. While the best plan uses stand-ins, their packages are read and told apart. The plan that
 * uses none is the optimum of the whole world: every stand-in was at least as good as each version it stood for. A version whose archive
 * bundles others is taken for clean in the same way until its archive was read.
 */
import { Fault } from '../model/faults.ts'
import type { BuiltWorld, WorldSource } from '../model/world.ts'
import { CoreHints } from './core-hints.ts'
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
  /** Offer manifest edits. */
  readonly manifest: boolean
  /** Only what has to be read is wanted: the plan is then not decided in what does not matter for that. */
  readonly readingOnly?: boolean
  readonly progress?: (round: number, packages: number) => void
}

const MAX_ROUNDS = 200
/** Packages that a plan could come to need: far above what real projects take, as a registry can make up needs without end. */
const MAX_UNREAD = 10_000

/** What several questions about one target share: what was read, what is forbidden, and what was learned about both. */
export class Worlds<Built extends BuiltWorld> {
  readonly source: WorldSource<Built>
  readonly banned = new Set<string>()
  readonly hints = new CoreHints()
  readonly #read = new Set<string>()
  #last: { readonly state: string; readonly built: Built; readonly reduced: Reduced } | undefined

  constructor(source: WorldSource<Built>) {
    this.source = source
  }

  /** In the order in which they were read. */
  get expanded(): ReadonlySet<string> {
    return this.#read
  }

  async read(names: readonly string[]): Promise<void> {
    const unread = names.filter(name => !this.#read.has(name))
    if (unread.length > 0) await this.source.read(unread)
    for (const name of unread) this.#read.add(name)
  }

  /** The world as far as it was read; the last one is kept. */
  world(manifest: boolean): { readonly built: Built; readonly reduced: Reduced } {
    const state = `${this.#read.size} ${this.banned.size} ${manifest}`
    if (this.#last?.state !== state) {
      this.#last = undefined
      const built = this.source.build({ expanded: this.#read, banned: this.banned, manifest })
      if (built.world.units.filter(unit => unit.standIn).length > MAX_UNREAD) {
        throw new Fault('planner-limit', `A plan would have to look into more than ${MAX_UNREAD} packages.`)
      }
      this.#last = { state, built, reduced: reduce(built.world) }
    }
    return this.#last
  }
}

export async function choose<Built extends BuiltWorld>(worlds: Worlds<Built>, options: ChooseOptions): Promise<Chosen<Built>> {
  const { readings } = worlds.source
  const question = JSON.stringify([options.manifest, options.readingOnly === true, options.bounds])
  await worlds.read(readings?.recall(question) ?? [])
  for (let round = 0; round < MAX_ROUNDS; round++) {
    options.progress?.(round, worlds.expanded.size)
    const { built, reduced } = worlds.world(options.manifest)
    const { solution, unread } = await solve(built, reduced, worlds.hints, options)
    if (unread.length === 0) {
      readings?.keep(question, [...worlds.expanded])
      return { built, reduced, solution }
    }
    await worlds.read(unread)
  }
  throw new Fault('planner-limit', `No plan within ${MAX_ROUNDS} rounds of reading.`)
}

/** The last levels decide only between plans that are equal in all that matters, so they wait until nothing is unread. */
async function solve(
  built: BuiltWorld,
  reduced: Reduced,
  hints: CoreHints,
  options: ChooseOptions,
): Promise<{ solution: Solution; unread: readonly string[] }> {
  const sat = await openSat()
  try {
    const encoded = encode(built.world, reduced, sat, { manifest: options.manifest, bindingPeersOnly: options.readingOnly === true })
    const optimisation = new Optimisation(built.world, encoded, options.bounds, hints)
    const first = optimisation.upTo(UP_TO_UNREAD)
    const unread = first === undefined ? [] : unreadIn(built.world, first)
    const solution = unread.length > 0 || options.readingOnly === true ? first : optimisation.upTo()
    if (solution === undefined) throw new Fault('internal', 'The target as it is breaks the planner’s own rules.')
    return { solution, unread }
  } finally {
    sat.dispose()
  }
}
