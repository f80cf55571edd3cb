/** What an extractor keeps of a file: the packages it tells of, as rows of short JSON, and what about the file was not read. */

/** Names as OSV records have them. */
export type LanguageEcosystem = 'npm' | 'PyPI' | 'Maven' | 'Go' | 'crates.io'

export interface InstalledPackage {
  readonly ecosystem: LanguageEcosystem
  /** As advisories spell it: PEP 503 for Python, `group:artifact` for Maven. */
  readonly name: string
  /** As its tool wrote it. */
  readonly version: string
  /** Where inside the file; empty where the file tells of one package only. */
  readonly inside: string
  /** Whether it came from the ecosystem's own registry, the only kind its advisories are about. */
  readonly published: boolean
}

export interface FileContents {
  readonly packages: readonly InstalledPackage[]
  /** Why not everything in the file was read; absent where all was. */
  readonly unread?: string
}

const NO_CONTENTS: FileContents = { packages: [] }
const MOST_CHARACTERS = 1 << 20

type Row = readonly [ecosystem: LanguageEcosystem, name: string, version: string, inside?: string, published?: 0]

/** At most 1 MiB; undefined where there is nothing to keep. */
export function encodeContents({ packages, unread }: FileContents): string | undefined {
  if (packages.length === 0 && unread === undefined) return undefined
  const rows = packages.map(({ ecosystem, name, version, inside, published }): Row => {
    if (!published) return [ecosystem, name, version, inside, 0]
    return inside === '' ? [ecosystem, name, version] : [ecosystem, name, version, inside]
  })
  const text = JSON.stringify(unread === undefined ? { rows } : { rows, unread })
  return text.length <= MOST_CHARACTERS ? text : JSON.stringify({ rows: [], unread: 'it names more packages than Suture keeps' })
}

/** Reads what `encodeContents` wrote. */
export function decodeContents(text: string): FileContents {
  const parsed: unknown = JSON.parse(text)
  if (!isObject(parsed) || !Array.isArray(parsed['rows'])) return NO_CONTENTS
  const packages = parsed['rows'].filter(isRow).map(([ecosystem, name, version, inside = '', published = 1]) => ({
    ecosystem,
    name,
    version,
    inside,
    published: published === 1,
  }))
  return typeof parsed['unread'] === 'string' ? { packages, unread: parsed['unread'] } : { packages }
}

const ECOSYSTEMS: ReadonlySet<unknown> = new Set<LanguageEcosystem>(['npm', 'PyPI', 'Maven', 'Go', 'crates.io'])

function isRow(value: unknown): value is Row {
  return Array.isArray(value) && value.length >= 3 && ECOSYSTEMS.has(value[0]) && value.slice(1, 4).every(cell => typeof cell === 'string')
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A name or a version that can be one: printable ASCII without blanks, at most 256 characters. */
export function isPlain(text: unknown): text is string {
  return typeof text === 'string' && /^[\x21-\x7e]{1,256}$/.test(text)
}
