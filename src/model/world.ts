/**
 * What the planner reasons about, whatever the ecosystem: which versions (units) may be present, what each needs, what each costs.
 * An ecosystem builds a world from its inventory and its catalogue; the planner chooses the units; the ecosystem places them.
 */

/** One version of one package that may be present in the result. Its index in `World.units` is its id. */
export interface Unit {
  readonly package: string
  readonly version: string
  /** Present in the target now. */
  readonly locked: boolean
  /** How many places hold it now. */
  readonly entries: number
  /** It stands now where everything sees it. */
  readonly topmost: boolean
  /** `package line` when presence would gain a breaking line that the target does not have. */
  readonly gainedLine: string | undefined
  /** Steps from the nearest lower version that is present now, counted in published versions; 0 for what is present. */
  readonly distance: number
  /** Presence would bring an install script that the package did not have here. */
  readonly gainsScript: boolean
  /** Choices that must hold when it is present. */
  readonly needs: readonly number[]
  /** For a locked unit, what serves each need now (unit ids beside `needs`); -1 where places differ or nothing does. */
  readonly now: readonly number[]
  /** Choices that must hold for what stands beside it; see `encode.ts`. */
  readonly peers: readonly Peer[]
  /**
   * A stand-in for all versions of a package whose metadata has not been asked for yet: it satisfies every range and needs nothing,
   * so that a plan that does not use it is an optimum of the whole world, not only of the part that was read.
   */
  readonly standIn: boolean
  /** What has to be read before this unit can be trusted: until then it is better than it may prove to be. */
  readonly unread: string | undefined
}

export interface FixedConsumer {
  /** How the ecosystem knows it again. */
  readonly key: string
  readonly needs: readonly number[]
  readonly now: readonly number[]
}

export interface Peer {
  readonly package: string
  readonly choice: number
  readonly optional: boolean
}

/** A need: one of `anyOf` (unit ids, ascending by version) must be present. Equal needs share one choice. */
export interface Choice {
  readonly package: string
  readonly range: string
  readonly anyOf: readonly number[]
  /** Buying these units instead costs one manifest edit: the ladder's next rungs. */
  readonly relaxed?: readonly Relaxation[]
}

export interface Relaxation {
  readonly kind: 'range' | 'override'
  /** Unit ids beyond the declared range. */
  readonly anyOf: readonly number[]
  /** Relaxations with the same key are one edit. */
  readonly key: string
  /** The consumer would get another breaking line than it has; counts as one gained. */
  readonly crosses: boolean
}

/** One (name@version, alias group) pair: it is open when any of `units` is present. */
export interface Risk {
  readonly finding: string
  readonly group: string
  /** What it adds to the risk left; 0 when the user asked about other findings only. */
  readonly weight: number
  /** Its weight where the user asked about other findings only: never worth a change, but a new one is worth avoiding. */
  readonly aside: number
  readonly units: readonly number[]
  /** The finding exists in the target now. */
  readonly present: boolean
}

export interface World {
  readonly units: readonly Unit[]
  readonly choices: readonly Choice[]
  /** Consumers that cannot change: the root, workspaces, git dependencies. */
  readonly fixed: readonly FixedConsumer[]
  readonly risks: readonly Risk[]
  /**
   * Pairs of unit ids that are never both present: versions of one package where only one may stand, packages that exclude each other.
   * What is present now keeps them; two units that stand side by side in the target in spite of their conflict are no pair here.
   */
  readonly conflicts: readonly (readonly [number, number])[]
}

/** Port: an ecosystem's side of planning. Building is pure; only `read` reaches the catalogue. */
export interface WorldSource<Built extends BuiltWorld = BuiltWorld> {
  build(state: WorldState): Built
  /** Makes what units called `unread` available to the next `build`. */
  read(unread: readonly string[]): Promise<void>
  /** What was read for the same target before; where it is kept, a plan need not find out again what it has to look into. */
  readonly readings?: Readings
}

/** What earlier runs read, by question. Reading more than a plan needs never changes the plan. */
export interface Readings {
  recall(question: string): readonly string[]
  keep(question: string, read: readonly string[]): void
}

export interface BuiltWorld {
  readonly world: World
}

export interface WorldState {
  /** What has been read: packages whose versions are told apart (each other one is a stand-in until a plan would profit from it), and bundles. */
  readonly expanded: ReadonlySet<string>
  /** Versions that placing has shown to have no place, `name@version`; `name@*` for all new ones of a package, `*` for all. */
  readonly banned: ReadonlySet<string>
  /** Offer manifest edits. */
  readonly manifest: boolean
}

/** What the planner chose, in the ecosystem's own names. */
export interface ChosenVersions {
  /** Package → versions that are present, ascending; packages that are not listed stay as they are. */
  readonly versions: ReadonlyMap<string, readonly string[]>
  /** Consumer key → package → the version it takes, where peers make that matter. */
  readonly takes: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** Keys of the relaxations that were bought. */
  readonly edits: readonly string[]
}

/** Port: the whole of an ecosystem's part in making a plan. */
export interface PlanningSource<Built extends BuiltWorld = BuiltWorld, Result extends Realisation = Realisation>
  extends WorldSource<Built> {
  /** Packages that are told apart from the start. */
  start(): readonly string[]
  /** Packages whose versions are chosen in a world; all others stay as they are. */
  movable(built: Built): ReadonlySet<string>
  realise(choice: ChosenVersions): Result
}

export interface Realisation {
  /** Versions to do without because the result would not hold; empty when it does. */
  readonly suspects: readonly string[]
}
