/** Packages by every name under which a relation can ask for them: their own and the virtual ones that they provide. */
import type { DebPackage, Relation, RelationGroup } from '../package.ts'
import { type Asker, excludes, satisfies } from '../relations.ts'

export class PackageIndex<Held> {
  readonly #byName = new Map<string, { readonly item: DebPackage; readonly held: Held }[]>()

  add(item: DebPackage, held: Held) {
    for (const name of new Set([item.name, ...item.provides.map(({ name }) => name)])) {
      const list = this.#byName.get(name)
      if (list === undefined) this.#byName.set(name, [{ item, held }])
      else list.push({ item, held })
    }
  }

  /** What meets one alternative of the group, each once, in the order in which they were added under each alternative's name. */
  serving(group: RelationGroup, asker: Asker): readonly Held[] {
    const found = new Set<Held>()
    for (const relation of group) {
      for (const { item, held } of this.#byName.get(relation.name) ?? []) if (satisfies(relation, item, asker)) found.add(held)
    }
    return [...found]
  }

  isServed(group: RelationGroup, asker: Asker): boolean {
    return group.some(relation => this.#byName.get(relation.name)?.some(({ item }) => satisfies(relation, item, asker)) === true)
  }

  /** The same with one of the packages exchanged for another version of it, or gone. */
  isServedWith(group: RelationGroup, asker: Asker, exchanged: Held, by: DebPackage | undefined): boolean {
    const others = (relation: Relation) =>
      this.#byName.get(relation.name)?.some(({ item, held }) => held !== exchanged && satisfies(relation, item, asker))
    return group.some(relation => (by !== undefined && satisfies(relation, by, asker)) || others(relation) === true)
  }

  /** What Breaks and Conflicts of a package forbid beside it. */
  excludedBy(owner: DebPackage, native: string): readonly { readonly held: Held; readonly relation: Relation }[] {
    return [...owner.breaks, ...owner.conflicts].flatMap(relation =>
      (this.#byName.get(relation.name) ?? []).flatMap(({ item, held }) =>
        excludes(relation, item, owner, native) ? [{ held, relation }] : [],
      ),
    )
  }
}

/** Needs of a package: what must be there before it is unpacked, and what must be there for it to work. */
export function needsOf(item: DebPackage): readonly RelationGroup[] {
  return [...item.preDepends, ...item.depends]
}

/** The names that a need asks for, whatever the versions: by them a need is told again in another version of the same package. */
export function namesIn(group: RelationGroup): string {
  return [...new Set(group.map(({ name, architecture = '' }) => `${name}:${architecture}`))].sort().join(' | ')
}
