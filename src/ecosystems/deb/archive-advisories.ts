/**
 * What the archive itself says about flaws, for images whose distribution no advisory database at hand knows: the CVE names in the
 * changelog of a fixed package. A name that first appears above the installed version is fixed there, so the installed version
 * has the flaw, as far as the packager wrote it down. Format: deb-changelog(5).
 */
import type { AdvisoryMatch } from '../../model/advisory.ts'
import { deb } from '../../versions/deb.ts'

/** A flaw known from a changelog alone. */
export interface ArchiveAdvisory extends AdvisoryMatch {
  readonly from: 'archive'
  readonly source: string
  /** The version whose entry names it. */
  readonly fixed: string
}

export interface ChangelogQuestion {
  readonly source: string
  /** The source version that is installed. */
  readonly installed: string
  /** `debian/changelog` of a version that is offered, uncompressed. */
  readonly changelog: string
}

const LONGEST = 16 * 1024 * 1024
const MOST_ENTRIES = 10_000
const MOST_FLAWS = 5000
const HEADER = /^[A-Za-z0-9][A-Za-z0-9+.-]{0,200} \(([^()\s]{1,256})\)[^;]{0,400};/
const CVE = /\bCVE-(?:19|20)\d{2}-\d{4,10}\b/gi

/** The flaws that the offered version fixes and the installed one has, by name; empty where the text is no changelog or too large to be one. */
export function archiveAdvisories({ source, installed, changelog }: ChangelogQuestion): readonly ArchiveAdvisory[] {
  if (changelog.length > LONGEST || !deb.valid(installed)) return []
  const before = new Set<string>()
  const fixedIn = new Map<string, string>()
  for (const { version, names } of entriesOf(changelog)) {
    const isNew = deb.compare(version, installed) > 0
    for (const name of names) {
      if (!isNew) before.add(name)
      else if (fixedIn.size < MOST_FLAWS || fixedIn.has(name)) {
        const known = fixedIn.get(name)
        if (known === undefined || deb.compare(version, known) < 0) fixedIn.set(name, version)
      }
    }
  }
  return [...fixedIn]
    .filter(([name]) => !before.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, fixed]) => ({ id: name, group: name, ids: [name], severity: 'unscored', fixed, from: 'archive', source }))
}

/** Which of the flaws a version of the source package has. */
export function archiveMatcher(advisories: readonly ArchiveAdvisory[]): (source: string, version: string) => readonly ArchiveAdvisory[] {
  const bySource = new Map<string, ArchiveAdvisory[]>()
  for (const advisory of advisories) bySource.set(advisory.source, [...(bySource.get(advisory.source) ?? []), advisory])
  return (source, version) =>
    deb.valid(version) ? (bySource.get(source) ?? []).filter(({ fixed }) => deb.compare(version, fixed) < 0) : []
}

/** Entries that state a version, with the flaws that they name. What stands before the first header belongs to none. */
function* entriesOf(changelog: string): Generator<{ readonly version: string; readonly names: ReadonlySet<string> }> {
  let version: string | undefined
  let names = new Set<string>()
  let entries = 0
  for (let at = 0; at < changelog.length && entries <= MOST_ENTRIES; ) {
    const newline = changelog.indexOf('\n', at)
    const end = newline < 0 ? changelog.length : newline
    const line = changelog.slice(at, Math.min(end, at + 4096))
    at = end + 1
    const header = /^[A-Za-z0-9]/.test(line) ? HEADER.exec(line)?.[1] : undefined
    if (header !== undefined) {
      if (version !== undefined) yield { version, names }
      version = deb.valid(header) ? header : undefined
      names = new Set()
      entries++
    } else if (version !== undefined) for (const [name] of line.matchAll(CVE)) names.add(name.toUpperCase())
  }
  if (version !== undefined && entries <= MOST_ENTRIES) yield { version, names }
}
