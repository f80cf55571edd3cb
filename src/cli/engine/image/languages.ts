/** What programming languages' tools put into an image: found while its layers are read, told apart from what the distribution brought. */
import { type Ownership, readOwnership } from '../../../ecosystems/deb/ownership.ts'
import { packageKey } from '../../../ecosystems/deb/package.ts'
import type { DpkgDatabase } from '../../../ecosystems/deb/read-status.ts'
import { installedComponents } from '../../../inventory/installed-components.ts'
import type { AdvisoryDatabaseStatus } from '../../../model/advisory.ts'
import type { ImageFiles } from '../../../model/image.ts'
import type { Component } from '../../../model/inventory.ts'
import { printable } from '../../../text/printable.ts'
import { count } from '../../words.ts'

export interface Languages {
  /** Those in files of Debian packages are `bundled` by them: the distribution's advisories speak of these. */
  readonly components: readonly Component[]
  /** Paths of the files among them that belong to Debian packages, with the package: `name:architecture`. */
  readonly owners: ReadonlyMap<string, string>
  /** What was not read, in sentences. */
  readonly notes: readonly string[]
}

/** `database`: where the image has Debian packages. Throws `dpkg-status-invalid`. */
export async function languagesOf(files: ImageFiles, database: DpkgDatabase | undefined): Promise<Languages> {
  const extracts = [...files.extracts()]
  if (extracts.length === 0) return { components: [], owners: new Map(), notes: [] }
  const ownership = database === undefined ? undefined : await ownershipOf(files, database, extracts)
  const owners = new Map<string, string>()
  const { components, unread } = installedComponents(extracts, path => {
    const [owner] = ownership?.owners(path) ?? []
    if (owner !== undefined) owners.set(path, owner)
    return owner
  })
  return { components, owners, notes: unreadNotes(unread) }
}

/** Undefined where no package lists a file of any of these names: then it costs no look at where each listed path is in the image. */
async function ownershipOf(
  files: ImageFiles,
  database: DpkgDatabase,
  extracts: readonly { readonly path: string }[],
): Promise<Ownership | undefined> {
  const ownership = await readOwnership(files, database)
  const names = new Set(extracts.map(({ path }) => nameOf(path)))
  for (const { from, to } of database.diversions) if (names.has(nameOf(to))) names.add(nameOf(from))
  const isListed = database.packages.some(item => ownership.listed(packageKey(item)).some(path => names.has(nameOf(path))))
  return isListed ? ownership : undefined
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** What is there, where somebody knows whose each file is. */
export function languageComponents(files: ImageFiles, ownerOf: (path: string) => string | undefined): readonly Component[] {
  return installedComponents(files.extracts(), ownerOf).components
}

/** Not brought by the distribution. */
export function isForeign({ origin }: Component): boolean {
  return origin !== 'bundled'
}

const MOST_UNREAD = 5

function unreadNotes(unread: readonly { readonly path: string; readonly why: string }[]): readonly string[] {
  if (unread.length === 0) return []
  const shown = unread.slice(0, MOST_UNREAD).map(({ path, why }) => `${printable(path)} (${why})`)
  const more = unread.length - shown.length
  return [`Not read to the end: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`]
}

/** Components of languages that no advisory at hand is about are not clean: nobody looked. */
export function uncheckedNotes(components: readonly Component[], { ecosystems }: AdvisoryDatabaseStatus): readonly string[] {
  const known = new Set(ecosystems.map(ecosystem => ecosystem.split(':')[0]))
  const unchecked = new Map<string, number>()
  for (const { subject, origin } of components) {
    if (subject === undefined || origin !== 'registry' || known.has(subject.ecosystem)) continue
    unchecked.set(subject.ecosystem, (unchecked.get(subject.ecosystem) ?? 0) + 1)
  }
  const notes = [...unchecked].map(
    ([ecosystem, number]) =>
      `No advisories for ${ecosystem} are at hand, so ${count(number, 'component')} could not be checked (suture db update --ecosystem ${ecosystem} fetches them).`,
  )
  const nameless = components.filter(item => isForeign(item) && item.subject?.ecosystem === 'Maven' && !item.name.includes(':')).length
  if (nameless > 0) notes.push(`${count(nameless, 'Java archive')} without a Maven group could not be checked: advisories name the group.`)
  return notes
}
