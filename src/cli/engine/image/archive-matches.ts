/**
 * What the package archive itself tells of flaws, where the advisory database knows nothing of the distribution: changelogs of versions
 * that are offered above the installed ones. Says what an update fixes, never what is still open.
 */
import { gunzipSync } from 'node:zlib'
import type { OpenApt } from '../../../ecosystems/deb/apt/open.ts'
import { type ArchiveAdvisory, archiveAdvisories, archiveMatcher } from '../../../ecosystems/deb/archive-advisories.ts'
import { readDeb } from '../../../ecosystems/deb/archive-file/read-deb.ts'
import type { OfferedPackage } from '../../../ecosystems/deb/package.ts'
import type { DpkgDatabase } from '../../../ecosystems/deb/read-status.ts'
import type { AdvisoryMatch } from '../../../model/advisory.ts'
import { deb } from '../../../versions/deb.ts'
import type { EngineWorld } from '../../engine.ts'

export interface ArchiveMatches {
  readonly match: (source: string, version: string) => readonly AdvisoryMatch[]
  readonly notes: readonly string[]
}

/** Of one source's binaries the changelog is looked for in so many, the smallest first. */
const MOST_LOOKED_INTO = 3
const LARGEST_CHANGELOG = 16 * 2 ** 20

export async function archiveMatches(
  database: DpkgDatabase,
  openArchive: () => Promise<OpenApt>,
  progress: EngineWorld['progress'],
): Promise<ArchiveMatches> {
  const apt = await openArchive()
  const installed = new Map(database.packages.map(({ source }) => [`${source.name} ${source.version}`, source]))
  const found: ArchiveAdvisory[] = []
  const silent: string[] = []
  let done = 0
  for (const source of installed.values()) {
    progress({ doing: 'Reading changelogs', done: done++, total: installed.size })
    const offered = (await apt.fromSource(source.name, 'all')).filter(item => deb.compare(item.source.version, source.version) > 0)
    const newest = offered.reduce<string | undefined>(
      (best, { source: { version } }) => (best === undefined || deb.compare(version, best) > 0 ? version : best),
      undefined,
    )
    if (newest === undefined) continue
    const changelog = await changelogOf(
      apt,
      offered.filter(item => item.source.version === newest),
    )
    if (changelog === undefined) silent.push(source.name)
    else found.push(...archiveAdvisories({ source: source.name, installed: source.version, changelog }))
  }
  const notes = [
    'No advisories for this distribution are at hand (suture db update --ecosystem Debian fetches them): findings come from the changelogs of offered packages and name what an update fixes, not what stays open.',
    ...(silent.length === 0 ? [] : [`No changelog that can be read was found for ${silent.join(', ')}.`]),
  ]
  return { match: archiveMatcher(found), notes }
}

async function changelogOf(apt: OpenApt, binaries: readonly OfferedPackage[]): Promise<string | undefined> {
  for (const item of binaries.toSorted((a, b) => a.size - b.size).slice(0, MOST_LOOKED_INTO)) {
    const { files } = await readDeb(await apt.download(item), `${item.name}_${item.version}`)
    for (const name of ['changelog.Debian.gz', 'changelog.gz']) {
      const file = files.find(({ path }) => path === `usr/share/doc/${item.name}/${name}`)
      const text = file?.type === 'file' ? unpacked(file.content) : undefined
      if (text !== undefined) return text
    }
  }
  return undefined
}

/** Undefined where it is no gzip, or one that unpacks to more than a changelog has. */
function unpacked(content: Uint8Array): string | undefined {
  try {
    return gunzipSync(content, { maxOutputLength: LARGEST_CHANGELOG }).toString('utf8')
  } catch {
    return undefined
  }
}
