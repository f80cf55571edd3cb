import type { AdvisoryMatch } from '../model/advisory.ts'
import { SEVERITIES, type Severity } from '../model/severity.ts'
import type { VersionScheme } from '../versions/scheme.ts'
import type { RecordEntry } from './package-entry.ts'
import { type Interval, includes, intervalsOf } from './ranges.ts'

/** Looks ids up by their rank. */
export interface Ids {
  id(rank: number): string
  /** True when the id names its group. */
  leads(rank: number): boolean
}

interface Rule {
  readonly id: string
  readonly severity: Severity
  readonly tenths: number | undefined
  readonly versions: ReadonlySet<string>
  readonly intervals: readonly Interval[]
}

interface Group {
  readonly name: string
  readonly ids: readonly string[]
  readonly rules: readonly Rule[]
  /** Filled when first needed. */
  ends: readonly string[] | undefined
}

const REMEMBERED = 10_000

/** What the records about one package say about its versions. */
export class PackageMatcher {
  readonly #groups: readonly Group[]
  readonly #scheme: VersionScheme | undefined
  readonly #known = new Map<string, readonly AdvisoryMatch[]>()

  /** Without a scheme only the versions that records list can match. */
  constructor(entries: readonly RecordEntry[], ids: Ids, scheme: VersionScheme | undefined) {
    this.#scheme = scheme
    const groups = new Map<string, { ids: readonly string[]; rules: Rule[] }>()
    for (const entry of entries) {
      const ranks = [entry.id, ...entry.others].sort((a, b) => a - b)
      const name = ids.id(ranks.find(rank => ids.leads(rank)) ?? entry.id)
      const group = groups.get(name) ?? { ids: ranks.map(rank => ids.id(rank)), rules: [] }
      groups.set(name, group)
      group.rules.push({
        id: ids.id(entry.id),
        severity: entry.severity,
        tenths: entry.tenths,
        versions: new Set(entry.versions),
        intervals: scheme === undefined ? [] : entry.ranges.flatMap(range => intervalsOf(range, scheme)),
      })
    }
    this.#groups = [...groups].map(([name, group]) => ({ name, ...group, ends: undefined })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** One match for each alias group that affects the version, sorted by group. */
  match(version: string): readonly AdvisoryMatch[] {
    const known = this.#known.get(version)
    if (known !== undefined) return known
    const matches = this.#groups.flatMap(group => this.#matchGroup(group, version))
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(version, matches)
    return matches
  }

  #affects({ versions, intervals }: Rule, version: string): boolean {
    if (versions.has(version)) return true
    return this.#scheme?.valid(version) === true && includes(intervals, version, this.#scheme)
  }

  #matchGroup(group: Group, version: string): AdvisoryMatch[] {
    const rules = group.rules.filter(rule => this.#affects(rule, version))
    const [first] = rules
    if (first === undefined) return []
    const scores = rules.flatMap(({ tenths }) => tenths ?? [])
    const severities = new Set(rules.map(({ severity }) => severity))
    const fixed = this.#fixed(group, version)
    return [
      {
        id: (rules.find(({ id }) => id === group.name) ?? first).id,
        group: group.name,
        ids: group.ids,
        severity: SEVERITIES.find(severity => severities.has(severity)) ?? 'unscored',
        ...(scores.length > 0 && { score: Math.max(...scores) / 10 }),
        ...(fixed !== undefined && { fixed }),
      },
    ]
  }

  /** The lowest end of an affected interval above the version that no record of the group affects. */
  #fixed(group: Group, version: string): string | undefined {
    const scheme = this.#scheme
    if (scheme === undefined || !scheme.valid(version)) return undefined
    group.ends ??= endsOf(group.rules, scheme)
    for (const end of group.ends) {
      if (scheme.compare(end, version) > 0 && !group.rules.some(rule => this.#affects(rule, end))) return end
    }
    return undefined
  }
}

/** Where affected intervals end, ascending. */
function endsOf(rules: readonly Rule[], scheme: VersionScheme): readonly string[] {
  const ends = new Set<string>()
  for (const { intervals } of rules) for (const { to, inclusive } of intervals) if (to !== undefined && !inclusive) ends.add(to)
  return ends.size > 1 ? [...ends].sort(scheme.compare) : [...ends]
}
