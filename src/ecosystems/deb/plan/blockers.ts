/**
 * Why a finding stays. For each binary of its source the lowest version without the flaw is followed through what it would take: what it
 * needs, what needs the version that is there, and what excludes it, until something is met that cannot move.
 */
import type { Finding } from '../../../model/finding.ts'
import type { Blocker } from '../../../model/plan.ts'
import { type DebPackage, type OfferedPackage, packageKey, type Relation, type RelationGroup } from '../package.ts'
import { type Asker, excludes, printGroup, printRelation, satisfiesGroup } from '../relations.ts'
import { holdOf, newer, offeredOf, refusalOf } from './candidates.ts'
import { named } from './check.ts'
import { isBroken } from './image.ts'
import { needsOf } from './package-index.ts'
import type { DebPlanning } from './planning.ts'

export interface Blocked {
  /** Some version that is offered is free of the flaw. */
  readonly hasFix: boolean
  readonly blockers: readonly Blocker[]
}

const MAX_BLOCKERS = 12
const MAX_DEPTH = 8

/** Answers for one finding after another about the same image, after it was planned for. */
export function blockersOf(planning: DebPlanning): (finding: Pick<Finding, 'name' | 'version' | 'group'>) => Blocked {
  const offers = new Map<string, readonly OfferedPackage[]>()
  return finding => new Search(planning, offers).of(finding)
}

class Search {
  readonly #planning: DebPlanning
  readonly #offers: Map<string, readonly OfferedPackage[]>
  readonly #found = new Map<string, Blocker>()
  readonly #visited = new Set<string>()

  constructor(planning: DebPlanning, offers: Map<string, readonly OfferedPackage[]>) {
    this.#planning = planning
    this.#offers = offers
  }

  of({ name, version, group }: Pick<Finding, 'name' | 'version' | 'group'>): Blocked {
    const { image, input } = this.#planning
    let hasFix = false
    for (const [key, item] of image.slots) {
      if (item.source.name !== name || item.source.version !== version) continue
      const clean = this.#newer(key).filter(({ source }) => input.match(source.name, source.version).every(match => match.group !== group))
      hasFix ||= clean.length > 0
      if (holdOf(item, input.rules) !== undefined || clean.length > 0) this.#why(key, clean, [key])
      else this.#add(item, key, item.name, '', [key], this.#noFix(item))
    }
    return { hasFix, blockers: [...this.#found.values()] }
  }

  #noFix(item: DebPackage): string {
    const { ended } = this.#planning.input
    const more = ended === undefined ? 'Wait for one, or ignore the finding with a reason.' : `${ended} Move to a newer release.`
    return `No version of ${packageKey(item)} without it is offered. ${more}`
  }

  /** Why none of these versions of a package can come in. */
  #why(key: string, wanted: readonly OfferedPackage[], path: readonly string[]) {
    const { image, input } = this.#planning
    const item = image.slots.get(key)
    if (item === undefined || this.#visited.has(key) || path.length > MAX_DEPTH) return
    this.#visited.add(key)
    const hold = holdOf(item, input.rules)
    const allowed = wanted.filter(other => refusalOf(other, input.rules) === undefined)
    const [first] = wanted
    if (hold !== undefined) {
      const release =
        item.status?.want === 'hold' ? `Release it (apt-mark unhold ${item.name}) in the image` : `Take ${item.name} off the policy’s hold`
      this.#add(item, key, item.name, `= ${item.version}`, path, `${key} is ${hold}. ${release}.`)
    } else if (allowed.length === 0 && first !== undefined) {
      this.#add(item, key, item.name, first.version, path, `${named(first)} would do, but it is ${refusalOf(first, input.rules) ?? ''}.`)
    } else if (allowed[0] !== undefined) this.#obstacles(key, allowed[0], path)
  }

  #obstacles(key: string, candidate: OfferedPackage, path: readonly string[]) {
    this.#needs(key, candidate, path)
    this.#dependents(key, candidate, path)
    this.#exclusions(key, candidate, path)
  }

  /** What the candidate needs and nothing that is offered, or may move, meets. */
  #needs(key: string, candidate: OfferedPackage, path: readonly string[]) {
    const { image } = this.#planning
    const asker = { architecture: candidate.architecture, native: image.native }
    for (const group of needsOf(candidate)) {
      if (this.#isServed(group, asker, key, candidate) || isBroken(image, key, group, candidate.architecture)) continue
      const movers = [...image.slots.keys()].filter(other => satisfiesGroup(group, this.#newer(other), asker))
      for (const other of movers) {
        this.#why(
          other,
          this.#newer(other).filter(item => satisfiesGroup(group, [item], asker)),
          [...path, other],
        )
      }
      if (movers.length > 0 || this.#isOfferedAnew(group, asker.architecture)) continue
      const asked = group[0]?.name ?? ''
      const missing = `${named(candidate)} would do, but it needs ${printGroup(group)}, which nothing that is offered meets.`
      this.#add(candidate, key, asked, rangeOf(group), path, missing)
    }
  }

  /** Who needs the version that is there, and would not be served by the candidate. */
  #dependents(key: string, candidate: OfferedPackage, path: readonly string[]) {
    const { image } = this.#planning
    for (const [other, item] of image.slots) {
      if (other === key) continue
      const asker = { architecture: item.architecture, native: image.native }
      const lost = needsOf(item).find(
        group => !this.#isServed(group, asker, key, candidate) && !isBroken(image, other, group, item.architecture),
      )
      if (lost === undefined) continue
      const better = this.#newer(other).filter(next =>
        needsOf(next).every(
          group => !mentions(group, candidate) || this.#isServed(group, asker, key, candidate) || satisfiesGroup(group, [next], asker),
        ),
      )
      if (better.length > 0) this.#why(other, better, [...path, other])
      else {
        const remedy = `${packageKey(item)} would have to be offered in a version that accepts ${named(candidate)}.`
        this.#add(item, other, lost[0]?.name ?? '', rangeOf(lost), path, remedy)
      }
    }
  }

  #exclusions(key: string, candidate: OfferedPackage, path: readonly string[]) {
    const { image } = this.#planning
    for (const [other, item] of image.slots) {
      if (other === key) continue
      const relation = this.#clash(candidate, item)
      if (relation === undefined) continue
      const better = this.#newer(other).filter(next => this.#clash(candidate, next) === undefined)
      if (better.length > 0) this.#why(other, better, [...path, other])
      else {
        const remedy = `${named(candidate)} would do, but it cannot stand beside ${named(item)}, of which nothing newer that fits is offered.`
        this.#add(
          candidate,
          key,
          relation.name,
          relation.version === undefined ? '' : `${relation.operator} ${relation.version}`,
          path,
          remedy,
        )
      }
    }
  }

  #clash(one: DebPackage, other: DebPackage): Relation | undefined {
    const { native } = this.#planning.image
    const of = (owner: DebPackage, item: DebPackage) =>
      [...owner.breaks, ...owner.conflicts].find(each => excludes(each, item, owner, native))
    return of(one, other) ?? of(other, one)
  }

  /** With a candidate in the place of what is there. */
  #isServed(group: RelationGroup, asker: Asker, key: string, candidate: DebPackage): boolean {
    const { index, slots } = this.#planning.image
    const installed = slots.get(key)
    return installed === undefined ? index.isServed(group, asker) : index.isServedWith(group, asker, installed, candidate)
  }

  #isOfferedAnew(group: RelationGroup, architecture: string): boolean {
    const { input, expanded, image } = this.#planning
    const offered = group.flatMap(({ name }) => [...offeredOf(input.archive, name, expanded), ...input.archive.providers(name)])
    const free = offered.filter(item => refusalOf(item, input.rules) === undefined)
    return satisfiesGroup(group, free, { architecture, native: image.native })
  }

  #newer(key: string): readonly OfferedPackage[] {
    const known = this.#offers.get(key)
    if (known !== undefined) return known
    const { image, input, expanded } = this.#planning
    const item = image.slots.get(key)
    const found = item === undefined ? [] : newer(offeredOf(input.archive, item.name, expanded), item, image.native)
    this.#offers.set(key, found)
    return found
  }

  #add(owner: DebPackage, ownerLocation: string, declares: string, range: string, path: readonly string[], remedy: string) {
    const key = `${ownerLocation}\n${declares}\n${range}`
    if (this.#found.size < MAX_BLOCKERS && !this.#found.has(key))
      this.#found.set(key, { owner: `${owner.name}@${owner.version}`, ownerLocation, declares, range, path: [...path].reverse(), remedy })
  }
}

function mentions(group: RelationGroup, item: DebPackage): boolean {
  return group.some(({ name }) => name === item.name || item.provides.some(provided => provided.name === name))
}

function rangeOf(group: RelationGroup): string {
  return group.length === 1 && group[0] !== undefined ? printRelation(group[0]).replace(/^[^(]*\(?|\)$/g, '') : printGroup(group)
}
