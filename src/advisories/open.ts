/**
 * Which records answer: those that the user names, else the newest of the updated database and the snapshot that came with the program,
 * and the other one for ecosystems that it does not hold.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import type { AdvisoryDatabase } from '../model/advisory.ts'
import { Fault } from '../model/faults.ts'
import { buildIndex } from './build-index.ts'
import { keep, keyNoticed, notice, openCached, signatureOf } from './index-cache.ts'
import { COLD_MAGIC, HOT_MAGIC } from './index-format.ts'
import { IndexedAdvisories } from './indexed-advisories.ts'
import { holds, layered } from './layered-advisories.ts'
import type { OsvRecord } from './osv.ts'
import { advisoryFiles, readWhole, recordsOf } from './read-source.ts'
import { openIndex, openStored } from './store.ts'

export interface OpenOptions {
  /** A file or folder of OSV records: exactly these are used. */
  readonly explicit?: string
  /** The database's folder; also keeps the indexes of explicit files, so that they are read once. */
  readonly folder: string
  /** Where `advisories.hot` and `advisories.cold` of the snapshot lie. */
  readonly bundledFolder: string
  /** Where only one ecosystem will be asked about: the one database that holds it, with its own date and hash. */
  readonly ecosystem?: string
  /** Told before many records are read. */
  readonly progress?: (progress: { readonly doing: string }) => void
}

export function openAdvisories({ explicit, folder, bundledFolder, ecosystem, progress }: OpenOptions): AdvisoryDatabase {
  if (explicit !== undefined) return openExplicit(explicit, join(folder, 'cache'), progress)
  const stored = openStored(folder)
  const bundled = existsSync(join(bundledFolder, 'advisories.hot')) ? openIndex(bundledFolder, { source: 'bundled' }) : undefined
  const only = stored ?? bundled
  if (only === undefined)
    throw new Fault('advisories-missing', `there is neither a database in ${folder} nor a snapshot in ${bundledFolder}`)
  if (stored === undefined || bundled === undefined) return only
  const [newer, older] = covers(stored, bundled) ? [stored, bundled] : [bundled, stored]
  if (ecosystem === undefined) return layered(newer, older)
  return holds(newer, ecosystem) || !holds(older, ecosystem) ? newer : older
}

/** The database that the user keeps answers, unless the program brought facts that are newer than its last update. */
function covers(stored: AdvisoryDatabase, bundled: AdvisoryDatabase): boolean {
  return !(Date.parse(stored.status.updated ?? stored.status.newest) < Date.parse(bundled.status.newest))
}

/** Builds the index of a file or folder, or takes the one that was built from the same bytes before. */
function openExplicit(path: string, cache: string, progress: OpenOptions['progress']): IndexedAdvisories {
  const files = advisoryFiles(path)
  const signature = signatureOf(files)
  const noticed = keyNoticed(cache, signature)
  const unread = noticed === undefined ? undefined : openCached(cache, path, noticed)
  if (unread !== undefined) return unread
  const contents = files.map(file => ({ file, bytes: readWhole(file) }))
  const digest = createHash('sha256').update(`${HOT_MAGIC} ${COLD_MAGIC}\n`)
  for (const { file, bytes } of contents)
    digest.update(`${JSON.stringify(relative(path, file) || basename(file))} ${bytes.length}\n`).update(bytes)
  const key = digest.digest('hex').slice(0, 32)
  const cached = openCached(cache, path, key)
  if (cached !== undefined) {
    notice(cache, signature, key)
    return cached
  }
  progress?.({ doing: `Reading advisories from ${path}` })
  const index = buildIndex(everyRecord(contents))
  keep(cache, key, index)
  notice(cache, signature, key)
  const part = (start: number, length: number): Buffer => index.cold.subarray(start, start + length)
  return new IndexedAdvisories({ hot: index.hot, hotFile: path, cold: part, coldFile: path }, { source: path })
}

function* everyRecord(contents: readonly { file: string; bytes: Buffer }[]): Generator<OsvRecord> {
  for (const { file, bytes } of contents) yield* recordsOf(bytes, file)
}
