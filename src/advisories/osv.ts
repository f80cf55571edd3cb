/**
 * The part of an OSV record that Suture keeps: what matching needs, and a little text for people. Source: OSV schema 1.7.5.
 * Ranges of type GIT are left out when reading, because they order commits and not versions of a package.
 */
export interface OsvRecord {
  readonly id: string
  /** ISO 8601. */
  readonly modified: string
  readonly published?: string
  /** Set: the record must never match. */
  readonly withdrawn?: string
  readonly aliases: readonly string[]
  readonly summary?: string
  readonly severity: readonly OsvSeverity[]
  /** The severity word that the source itself shows: `database_specific.severity`. */
  readonly word?: string
  readonly references: readonly string[]
  readonly affected: readonly OsvAffected[]
}

export interface OsvSeverity {
  /** `CVSS_V2`, `CVSS_V3`, `CVSS_V4`, `Ubuntu` … */
  readonly type: string
  readonly score: string
}

export interface OsvAffected {
  readonly ecosystem: string
  readonly name: string
  readonly severity: readonly OsvSeverity[]
  readonly ranges: readonly OsvRange[]
  readonly versions: readonly string[]
}

/** Events in the order of the record; evaluation sorts them. */
export type OsvRange = readonly OsvEvent[]

export const EVENT_KINDS = ['introduced', 'fixed', 'last_affected', 'limit'] as const

export interface OsvEvent {
  readonly kind: (typeof EVENT_KINDS)[number]
  readonly version: string
}

/** The record as OSV JSON again, with nothing but the parts above. */
export function printRecord(record: OsvRecord): string {
  const { id, modified, published, withdrawn, aliases, summary, severity, word, references, affected } = record
  return JSON.stringify({
    id,
    modified,
    published,
    withdrawn,
    aliases: unlessEmpty(aliases),
    summary,
    severity: unlessEmpty(severity),
    affected: affected.map(({ ecosystem, name, severity, ranges, versions }) => ({
      package: { ecosystem, name },
      severity: unlessEmpty(severity),
      ranges: unlessEmpty(ranges.map(events => ({ type: 'ECOSYSTEM', events: events.map(({ kind, version }) => ({ [kind]: version })) }))),
      versions: unlessEmpty(versions),
    })),
    references: unlessEmpty(references.map(url => ({ url }))),
    database_specific: word === undefined ? undefined : { severity: word },
  })
}

function unlessEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined
}
