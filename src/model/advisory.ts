import type { Severity } from './severity.ts'

/** One known vulnerability, as it applies to one package: what matching needs, without prose. */
export interface AdvisoryMatch {
  /** The advisory's own id. */
  readonly id: string
  /** Stable id of the alias group: every record that describes the same flaw shares it. */
  readonly group: string
  /** Every id of the group, sorted, the group's own id among them. */
  readonly ids: readonly string[]
  readonly severity: Severity
  /** CVSS base score 0–10, where a vector is known. */
  readonly score?: number
  /** The lowest version outside every affected range above the version asked about, as the record states it. Never trusted for planning. */
  readonly fixed?: string
}

export interface AdvisoryDetail {
  readonly id: string
  readonly summary?: string
  readonly published?: string
  readonly modified: string
  readonly cvss?: string
  readonly references: readonly string[]
}

export interface AdvisoryDatabaseStatus {
  /** Where the records came from: `bundled`, a folder, or a mirror's address without credentials. */
  readonly source: string
  /** SHA-256 over the index content; every result repeats it. */
  readonly hash: string
  /** Newest `modified` among the records, ISO 8601: what the database knows of. */
  readonly newest: string
  /** When it was last brought up to date, ISO 8601; absent for explicit files. */
  readonly updated?: string
  readonly advisories: number
  readonly packages: number
  readonly ecosystems: readonly string[]
}

/** Port: answers which advisories affect a version. Implementations do no I/O after they are opened, except `detail`. */
export interface AdvisoryDatabase {
  readonly status: AdvisoryDatabaseStatus
  /** True when any advisory names the package: lets callers skip the rest. */
  knows(ecosystem: string, name: string): boolean
  /** Matches for one version, one per alias group, sorted by group. Withdrawn records never match. */
  match(ecosystem: string, name: string, version: string): readonly AdvisoryMatch[]
  detail(id: string): AdvisoryDetail | undefined
  /** Resolves an id or alias to its group, for `--only` and `explain`. */
  group(id: string): string | undefined
}
