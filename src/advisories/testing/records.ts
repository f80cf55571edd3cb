/** OSV records for tests, as JSON. */
export interface RecordJson {
  readonly id: string
  readonly modified: string
  readonly [field: string]: unknown
}

type Events = readonly Readonly<Record<string, string>>[]

/** One record about one npm package; `more` replaces fields. */
export function recordOf(id: string, name: string, events: Events, more: Readonly<Record<string, unknown>> = {}): RecordJson {
  return {
    id,
    modified: '2024-01-01T00:00:00Z',
    affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events }] }],
    ...more,
  }
}
