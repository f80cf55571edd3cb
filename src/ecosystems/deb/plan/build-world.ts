/**
 * An image as a world. Every installed package is a choice between the version it has and higher ones: nothing is removed, nothing goes
 * down. Needs that are met today stay met, by whatever then meets them; what is broken today may stay so. A package that is not
 * installed may come in, but costs something just below the findings (`risks.ts`), so it does only where less risk is left by it.
 *
 * Candidates come from the security suites. For what all suites have of a package beyond them there is a stand-in that meets every need
 * for its name and needs nothing. It costs a little in the same place, so a plan uses one only where that leaves less risk; then the
 * package is read and told apart. So the plan leaves the least risk that all suites allow, and is the smallest of those that look no
 * further than that takes.
 */
import type { Choice, Risk, Unit } from '../../../model/world.ts'
import { type DebPackage, type InstalledPackage, type OfferedPackage, packageKey, type RelationGroup } from '../package.ts'
import { printGroup } from '../relations.ts'
import { distinct, holdOf, newer, offeredOf, refusalOf } from './candidates.ts'
import { conflictsOf } from './conflicts.ts'
import { fitsSlot, isBroken } from './image.ts'
import { needsOf, PackageIndex } from './package-index.ts'
import { riskOfUnits } from './risks.ts'
import { lineOf } from './upstream.ts'
import type { DebWorld, WorldInput } from './world-input.ts'

export function buildWorld(input: WorldInput): DebWorld {
  return new WorldDraft(input).result()
}

type Growing = Unit & { needs: number[] }

export class WorldDraft {
  readonly input: WorldInput
  readonly units: Growing[] = []
  readonly items: (DebPackage | undefined)[] = []
  readonly choices: Choice[] = []
  /** Unit ids of each package, the installed version first, then ascending. */
  readonly ofPackage = new Map<string, number[]>()
  readonly index = new PackageIndex<number>()
  readonly #choiceIds = new Map<string, number>()
  readonly #served = new Map<string, readonly number[]>()
  readonly #offers = new Map<string, OfferedPackage>()
  /** Of installed packages. */
  readonly #standIns: { readonly name: string; readonly id: number }[] = []
  readonly #installedNames: ReadonlySet<string>
  readonly #stay: number[] = []
  readonly #pending: number[] = []

  constructor(input: WorldInput) {
    this.input = input
    this.#installedNames = new Set([...input.image.slots.values()].map(({ name }) => name))
    for (const [key, item] of input.image.slots) this.#addSlot(key, item)
    for (const key of input.image.slots.keys()) {
      this.#stay.push(this.choices.length)
      this.choices.push({ package: key, range: '', anyOf: this.ofPackage.get(key) ?? [] })
    }
    for (let id = this.#pending.shift(); id !== undefined; id = this.#pending.shift()) this.#expand(id)
  }

  result(): DebWorld {
    const { units, choices, items } = this
    const fixed = [{ key: 'the image', needs: this.#stay, now: [] }]
    const risks: readonly Risk[] = riskOfUnits(this)
    return { world: { units, choices, fixed, risks, conflicts: conflictsOf(this) }, items, offers: this.#offers }
  }

  /** Some other version of it is known. */
  #isMovable(key: string): boolean {
    return this.ofPackage.get(key)?.some(id => !this.units[id]?.locked && !this.units[id]?.standIn) === true
  }

  #addSlot(key: string, item: InstalledPackage) {
    this.#add(key, item, { locked: true, entries: 1, topmost: true })
    if (holdOf(item, this.input.rules) !== undefined) return
    const offered = newer(offeredOf(this.input.archive, item.name, this.input.expanded), item, this.input.image.native)
    offered.forEach((other, at) => {
      const crosses = lineOf(other.version) !== lineOf(item.version)
      this.#addOffer(key, other, { distance: at + 1, gainedLine: crosses ? `${key} ${lineOf(other.version)}` : undefined })
    })
    if (!this.input.expanded.has(item.name)) this.#addStandIn(key, item.name)
  }

  #addOffer(key: string, item: OfferedPackage, of: Partial<Unit>): number | undefined {
    const { banned, rules } = this.input
    if (refusalOf(item, rules) !== undefined) return undefined
    if (banned.has(`${key}@${item.version}`) || banned.has(`${key}@*`) || banned.has('*')) return undefined
    this.#offers.set(`${key}@${item.version}`, item)
    return this.#add(key, item, of)
  }

  #addStandIn(key: string, unread: string): number {
    const id = this.#add(key, undefined, { standIn: true, unread })
    if (this.input.image.slots.has(key)) this.#standIns.push({ name: unread, id })
    return id
  }

  #add(key: string, item: DebPackage | undefined, of: Partial<Unit>): number {
    const id = this.units.length
    this.units.push({
      package: key,
      version: item?.version ?? '',
      locked: false,
      entries: 0,
      topmost: false,
      gainedLine: undefined,
      distance: 0,
      gainsScript: false,
      standIn: false,
      unread: undefined,
      now: [],
      peers: [],
      ...of,
      needs: [],
    })
    this.items.push(item)
    const known = this.ofPackage.get(key)
    if (known === undefined) this.ofPackage.set(key, [id])
    else known.push(id)
    if (item !== undefined) {
      this.index.add(item, id)
      this.#pending.push(id)
    }
    return id
  }

  #expand(id: number) {
    const [unit, item] = [this.units[id], this.items[id]]
    if (unit === undefined || item === undefined) return
    const needs = new Set<number>()
    for (const group of needsOf(item)) {
      if (isBroken(this.input.image, unit.package, group, item.architecture)) continue
      const choice = this.#choice(group, id, item.architecture)
      if (choice !== undefined) needs.add(choice)
    }
    unit.needs.push(...needs)
  }

  /** Undefined where the unit itself, or something that does not move, meets the need. */
  #choice(group: RelationGroup, asker: number, architecture: string): number | undefined {
    const range = printGroup(group)
    const served = this.#installedFor(group, architecture, `${architecture} ${range}`)
    const packageOf = (id: number): string => this.units[id]?.package ?? ''
    if (served.includes(asker) || served.some(id => this.units[id]?.locked && !this.#isMovable(packageOf(id)))) return undefined
    // Other versions of the asking package are not there when it is.
    const beside = served.filter(id => packageOf(id) !== packageOf(asker))
    const key = `${beside.length < served.length ? packageOf(asker) : ''} ${architecture} ${range}`
    const known = this.#choiceIds.get(key)
    if (known !== undefined) return known
    const id = this.choices.length
    this.#choiceIds.set(key, id)
    const anyOf = [...beside, ...this.#newFor(group, architecture)]
    this.choices.push({ package: packageOf(anyOf[0] ?? -1), range, anyOf })
    return id
  }

  /** Versions of installed packages that meet a need; what has not been read meets every need for its name. */
  #installedFor(group: RelationGroup, architecture: string, key: string): readonly number[] {
    let served = this.#served.get(key)
    if (served === undefined) {
      const { slots, native } = this.input.image
      const serving = this.index.serving(group, { architecture, native }).filter(id => slots.has(this.units[id]?.package ?? ''))
      const names = new Set(group.map(({ name }) => name))
      const unread = this.#standIns.filter(({ name }) => names.has(name)).map(({ id }) => id)
      served = [...serving, ...unread].sort((a, b) => a - b)
      this.#served.set(key, served)
    }
    return served
  }

  /** Packages that are not installed and meet a need. */
  #newFor(group: RelationGroup, architecture: string): readonly number[] {
    const { archive, expanded, image, rules } = this.input
    const { native } = image
    const unread = new Set<number>()
    for (const { name } of group) {
      const providers = archive.providers(name).filter(({ suite, name: own }) => suite.security || expanded.has(name) || expanded.has(own))
      for (const item of [...offeredOf(archive, name, expanded), ...providers]) this.#addNew(item, architecture)
      if (this.#installedNames.has(name)) continue
      // An installed package that provides it in a version that has not been read.
      const owners = new Set(providers.map(({ name: own }) => own))
      for (const { id, name: own } of this.#standIns) if (owners.has(own)) unread.add(id)
      if (!expanded.has(name) && !rules.policy.hold.includes(name)) unread.add(this.#standInOf(`${name}:${native}`, name))
    }
    const found = this.index.serving(group, { architecture, native }).filter(id => !image.slots.has(this.units[id]?.package ?? ''))
    return [...found, ...unread].sort((a, b) => a - b)
  }

  #standInOf(key: string, name: string): number {
    return this.ofPackage.get(key)?.find(id => this.units[id]?.standIn) ?? this.#addStandIn(key, name)
  }

  /** It is another version of what is there. */
  #isInstalled(item: OfferedPackage): boolean {
    const { image } = this.input
    return (
      this.#installedNames.has(item.name) &&
      [...image.slots.values()].some(other => other.name === item.name && fitsSlot(item, other, image.native))
    )
  }

  /** All versions of one package at once, the highest being the nearest: what is new is taken as a new installation would have it. */
  #addNew(item: OfferedPackage, architecture: string) {
    const { archive, expanded, image, rules } = this.input
    const key = packageKey(item)
    if (this.ofPackage.get(key)?.some(id => !this.units[id]?.standIn) || this.#isInstalled(item)) return
    if (![architecture, image.native, 'all'].includes(item.architecture) || rules.policy.hold.includes(item.name)) return
    const all = offeredOf(archive, item.name, expanded).filter(other => other.architecture === item.architecture)
    const versions = distinct(all.length > 0 ? all : [item])
    versions.forEach((other, at) => {
      this.#addOffer(key, other, { distance: versions.length - at })
    })
  }
}
