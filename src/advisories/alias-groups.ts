/**
 * Ids that name the same flaw, by union-find: aliases are symmetric and transitive (OSV schema, "aliases"). `related` and `upstream`
 * are neither, and never come here.
 */
export class AliasGroups {
  readonly #parents = new Map<string, string>()

  add(id: string): void {
    if (!this.#parents.has(id)) this.#parents.set(id, id)
  }

  join(a: string, b: string): void {
    this.add(a)
    this.add(b)
    const [x, y] = [this.#root(a), this.#root(b)]
    if (x !== y) this.#parents.set(y, x)
  }

  #root(id: string): string {
    let root = id
    for (let up = this.#parents.get(root); up !== undefined && up !== root; up = this.#parents.get(root)) root = up
    // Path compression, so that long chains stay cheap.
    for (let at = id; at !== root; ) {
      const up = this.#parents.get(at) ?? root
      this.#parents.set(at, root)
      at = up
    }
    return root
  }

  /** Every id that was added. */
  ids(): string[] {
    return [...this.#parents.keys()]
  }

  /** Each id → the ids of its group, itself among them, in ascending order; one list object a group. */
  groups(compare: (a: string, b: string) => number): Map<string, readonly string[]> {
    const byRoot = new Map<string, string[]>()
    for (const id of this.#parents.keys()) {
      const root = this.#root(id)
      const members = byRoot.get(root)
      if (members === undefined) byRoot.set(root, [id])
      else members.push(id)
    }
    const byId = new Map<string, readonly string[]>()
    for (const members of byRoot.values()) {
      members.sort(compare)
      for (const id of members) byId.set(id, members)
    }
    return byId
  }
}

/** The id that names a group of ids in ascending order: the first GHSA, else the first CVE, else the first. */
export function leaderOf(members: readonly string[]): string {
  return members.find(id => id.startsWith('GHSA-')) ?? members.find(id => id.startsWith('CVE-')) ?? members[0] ?? ''
}
