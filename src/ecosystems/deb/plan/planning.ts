/** A Debian image's side of planning: worlds for the planner, and the packages that would move for what the planner chose. */
import type { ChosenVersions, PlanningSource, Realisation, WorldState } from '../../../model/world.ts'
import { deb } from '../../../versions/deb.ts'
import { type DebPackage, type InstalledPackage, type OfferedPackage, packageKey } from '../package.ts'
import { buildWorld } from './build-world.ts'
import { holdOf, isYoung } from './candidates.ts'
import { type Defect, newDefects } from './check.ts'
import { type ImagePackages, readImage } from './image.ts'
import { needsOf } from './package-index.ts'
import { resolveUpdates } from './updates.ts'
import type { DebWorld, PlanningInput } from './world-input.ts'

export interface DebInput extends PlanningInput {
  readonly installed: readonly InstalledPackage[]
  /** The image's own architecture, in Debian's words. */
  readonly native: string
  /** Where the suite gets no security updates any more: a sentence that says so. */
  readonly ended?: string
}

/** One package that would change. New ones have no `from`. */
export interface Move {
  /** `name:architecture` as the image has it. */
  readonly key: string
  readonly from?: InstalledPackage
  readonly to: OfferedPackage
}

export interface Realised extends Realisation {
  /** By key. */
  readonly moves: readonly Move[]
  /** All packages as they would be, by key. */
  readonly after: ReadonlyMap<string, DebPackage>
  readonly defects: readonly Defect[]
}

export class DebPlanning implements PlanningSource<DebWorld, Realised> {
  readonly input: DebInput
  readonly image: ImagePackages
  readonly updates: ReturnType<typeof resolveUpdates>
  /** Names that were looked into beyond the security suites; blockers speak of what is known with these. */
  readonly expanded = new Set<string>()
  readonly #offers = new Map<string, OfferedPackage>()

  private constructor(input: DebInput) {
    this.input = input
    this.image = readImage(input.installed, input.native)
    this.updates = resolveUpdates(this.image, input.update)
  }

  /** Reads what the security suites offer for what is installed, and for what these versions need. */
  static async open(input: DebInput): Promise<DebPlanning> {
    const planning = new DebPlanning(input)
    await planning.#loadSecurity()
    return planning
  }

  async #loadSecurity() {
    const { archive } = this.input
    const known = new Set<string>()
    let names = [...new Set([...this.image.slots.values()].map(({ name }) => name))]
    for (let round = 0; names.length > 0 && round < SECURITY_ROUNDS; round++) {
      await archive.load(names, 'security')
      for (const name of names) known.add(name)
      const needed = names.flatMap(name =>
        archive.offered(name).flatMap(item => needsOf(item).flatMap(group => group.map(({ name: asked }) => asked))),
      )
      names = [...new Set(needed)].filter(name => !known.has(name)).sort()
    }
  }

  /** Nothing beyond the security suites. */
  start(): readonly string[] {
    return []
  }

  async read(unread: readonly string[]): Promise<void> {
    if (unread.length > 0) await this.input.archive.load(unread, 'all')
    for (const name of unread) this.expanded.add(name)
  }

  build(state: WorldState): DebWorld {
    const built = buildWorld({ ...this.input, ...state, image: this.image, updates: this.updates.keys })
    for (const [key, offer] of built.offers) this.#offers.set(key, offer)
    return built
  }

  movable(built: DebWorld): ReadonlySet<string> {
    return new Set(built.world.units.map(unit => unit.package))
  }

  /** The packages that move, and whether the image would hold together with them. */
  realise(choice: ChosenVersions): Realised {
    const after = new Map<string, DebPackage>(this.image.slots)
    const moves: Move[] = []
    for (const [key, versions] of choice.versions) {
      const from = this.image.slots.get(key)
      const version = versions.at(-1)
      const to = version === undefined || version === from?.version ? undefined : this.#offers.get(`${key}@${version}`)
      if (to === undefined) continue
      moves.push({ key, ...(from === undefined ? {} : { from }), to })
      after.set(key, to)
    }
    moves.sort((a, b) => (a.key < b.key ? -1 : 1))
    const defects = newDefects(this.image, after)
    const involved = new Set(defects.flatMap(({ keys }) => keys))
    const moved = moves.map(({ key, to }) => ({ key, id: `${key}@${to.version}` }))
    const suspects = moved.filter(({ key }) => involved.has(key))
    return { moves, after, defects, suspects: (suspects.length > 0 || defects.length === 0 ? suspects : moved).map(({ id }) => id) }
  }

  #hasUpdate(key: string, { name, version }: InstalledPackage): boolean {
    const offered = this.input.archive.offered(name)
    return offered.some(offer => offer.suite.security && packageKey(offer) === key && deb.compare(offer.version, version) > 0)
  }

  /** What people should know about how this image was planned for. */
  notes({ moves }: Realised): readonly string[] {
    const { rules, ended } = this.input
    const notes = ended === undefined ? [] : [ended]
    const days = rules.policy.coolDown.days
    const young = moves.filter(({ to }) => isYoung(to, rules))
    if (days > 0)
      notes.push(
        `Debian’s indexes carry no date for a version, so the cool-down of ${days} days goes by the date of the suite${
          young.length > 0 ? `; ${young.length} of ${moves.length} versions come from a younger one, as security fixes may` : ''
        }.`,
      )
    for (const [key, item] of this.image.slots) {
      const hold = this.updates.keys.has(key) ? holdOf(item, rules) : undefined
      if (hold === undefined || (this.input.update === 'all' && !this.#hasUpdate(key, item))) continue
      notes.push(`${key} was to be updated, but it is ${hold}.`)
    }
    if (this.updates.unknown.length > 0) notes.push(`Not installed here, so not updated: ${this.updates.unknown.join(', ')}.`)
    const broken = [...this.image.unmet.keys()]
    if (broken.length > 0)
      notes.push(`Broken before and left so: ${broken.slice(0, 5).join(', ')}${broken.length > 5 ? ` and ${broken.length - 5} more` : ''}.`)
    return notes
  }
}

/** How deep new packages may need further new ones within the security suites. */
const SECURITY_ROUNDS = 20
