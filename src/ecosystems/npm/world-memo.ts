/** What building one world learns that the next one of the same plan can use. */
import type { Candidate } from './candidates.ts'
import type { ServedToday } from './locked-facts.ts'
import { VersionList } from './package-units.ts'

interface PackageCandidates {
  readonly found: readonly Candidate[]
  readonly distances: ReadonlyMap<string, number>
}

/** Facts about packages that do not change from one world of a plan to the next. */
export class WorldMemo {
  /** Packages that turned out to matter because a candidate has a peer in them. */
  readonly movable = new Set<string>()
  readonly #candidates = new Map<string, PackageCandidates>()
  readonly #lists = new Map<string, VersionList>()
  readonly #served = new Map<string, Map<string, ServedToday>>()

  candidates(name: string, find: () => PackageCandidates): PackageCandidates {
    const known = this.#candidates.get(name) ?? find()
    this.#candidates.set(name, known)
    return known
  }

  list(name: string, versions: readonly string[]): VersionList {
    const known = this.#lists.get(name)
    if (known?.isSame(versions) === true) return known
    const list = new VersionList(versions)
    this.#lists.set(name, list)
    return list
  }

  /** What a package's places get today for one name; the lock does not change while a plan is made. */
  served(of: string, name: string, find: () => ServedToday): ServedToday {
    const own = this.#served.get(of) ?? new Map<string, ServedToday>()
    this.#served.set(of, own)
    const known = own.get(name) ?? find()
    own.set(name, known)
    return known
  }
}
