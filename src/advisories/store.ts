/**
 * The database's folder:
 *   current                   JSON: which generation and which marks hold, and since when; replaced by one rename
 *   marks-<hash>.json         what was last seen of each ecosystem; only an update reads it
 *   <generation>/             advisories.hot, advisories.cold, records/<ecosystem>.ndjson.gz (what the index can be rebuilt from)
 *   downloads/                parts of archives on their way
 *   update.lock               held by the one who updates
 * A generation is never changed once `current` names it, so that a reader needs no lock, and an update that stops leaves the old one.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { link, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Fault } from '../model/faults.ts'
import { type BuiltIndex, coldHashOf, contentHash } from './build-index.ts'
import { Cold, partsOfFile } from './cold.ts'
import type { Disk } from './disk.ts'
import { type IndexMeta, openHot } from './index-format.ts'
import { IndexedAdvisories, type Provenance } from './indexed-advisories.ts'
import { type OsvRecord, printRecord } from './osv.ts'
import type { Mark } from './osv-source.ts'
import { readAdvisories } from './read-source.ts'

export interface Current {
  readonly generation: string
  readonly source: string
  /** ISO 8601. */
  readonly updated: string
  /** Name of the file with the marks. */
  readonly marks: string
}

const HOT = 'advisories.hot'
const COLD = 'advisories.cold'
const GENERATION = /^g-[0-9]{8}T[0-9]{6}-[0-9a-f]{12}$/
const MARKS = /^marks-[0-9a-f]{16}\.json$/

export const lockFile = (folder: string): string => join(folder, 'update.lock')
export const downloadsFolder = (folder: string): string => join(folder, 'downloads')

/** Undefined where there is no database yet. */
export function readCurrent(folder: string): Current | undefined {
  const file = join(folder, 'current')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return undefined
    throw new Fault('file-unreadable', `${file} cannot be read`, { cause })
  }
  try {
    const value: unknown = JSON.parse(text)
    if (isCurrent(value)) return value
  } catch {
    // Told below, like JSON that says something else.
  }
  throw new Fault('advisories-corrupt', `${file} is damaged`)
}

function isCurrent(value: unknown): value is Current {
  if (
    typeof value !== 'object' ||
    value === null ||
    !('generation' in value && 'source' in value && 'updated' in value && 'marks' in value)
  )
    return false
  const { generation, source, updated, marks } = value
  if (typeof source !== 'string' || typeof updated !== 'string') return false
  return typeof generation === 'string' && GENERATION.test(generation) && typeof marks === 'string' && MARKS.test(marks)
}

/** Ecosystem → what was last seen of it; empty when the file is damaged, so that all is fetched again. */
export function readMarks(folder: string, current: Current): Map<string, Mark> {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, current.marks), 'utf8'))
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
    return new Map(entries.flatMap(([ecosystem, mark]) => (isMark(mark) ? [[ecosystem, mark]] : [])))
  } catch {
    return new Map()
  }
}

function isMark(value: unknown): value is Mark {
  return (
    typeof value === 'object' &&
    value !== null &&
    'seen' in value &&
    typeof value.seen === 'string' &&
    'seenIds' in value &&
    Array.isArray(value.seenIds)
  )
}

/** Opens an index that lies in a folder; only the hot file is read. */
export function openIndex(folder: string, provenance: Provenance, names = { hot: HOT, cold: COLD }): IndexedAdvisories {
  const [hotFile, coldFile] = [join(folder, names.hot), join(folder, names.cold)]
  return new IndexedAdvisories({ hot: readHot(hotFile), hotFile, cold: partsOfFile(coldFile), coldFile }, provenance)
}

function readHot(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Fault('advisories-corrupt', `${file} cannot be read`, { cause })
  }
}

/** The database that was last updated; undefined where there is none. */
export function openStored(folder: string): IndexedAdvisories | undefined {
  const current = readCurrent(folder)
  if (current === undefined) return undefined
  const { generation, source, updated } = current
  try {
    return openIndex(join(folder, generation), { source, updated })
  } catch (cause) {
    // Someone may have updated twice since `current` was read, and removed what it named.
    const again = readCurrent(folder)
    if (again === undefined || again.generation === generation) throw cause
    return openIndex(join(folder, again.generation), { source: again.source, updated: again.updated })
  }
}

/** Reads both files of an index in full and compares them with the content hash; throws `advisories-corrupt`. */
export function checkIndex(folder: string): void {
  const [hotFile, coldFile] = [join(folder, HOT), join(folder, COLD)]
  const { hash, coldHash, sections } = openHot(readHot(hotFile), hotFile)
  if (!contentHash(sections, coldHash).equals(hash))
    throw new Fault('advisories-corrupt', `${hotFile} is damaged: its content is not what its hash says`)
  const meta: IndexMeta = JSON.parse(sections.meta.toString('utf8'))
  const bytes = readHot(coldFile)
  const cold = new Cold((start, length) => bytes.subarray(start, start + length), hash, coldFile)
  cold.checkLength(meta.advisories, bytes.length)
  if (!coldHashOf(cold.lines()).equals(coldHash))
    throw new Fault('advisories-corrupt', `${coldFile} is damaged: its content is not what its hash says`)
}

export function recordsFile(folder: string, generation: string, ecosystem: string): string {
  return join(folder, generation, 'records', `${encodeURIComponent(ecosystem)}.ndjson.gz`)
}

export function readStoredRecords(file: string): readonly OsvRecord[] {
  return existsSync(file) && statSync(file).size === 0 ? [] : [...readAdvisories(file)]
}

/** What a new generation holds for an ecosystem: records, or the file of an older generation as it is. */
export type Stored = { readonly records: readonly OsvRecord[] } | { readonly file: string }

/** Writes a generation beside the others; `current` does not name it yet. */
export async function writeGeneration(
  folder: string,
  index: BuiltIndex,
  stored: ReadonlyMap<string, Stored>,
  now: Date,
  disk: Disk,
): Promise<string> {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+Z/g, '')
  const unique = createHash('sha256').update(`${index.hash} ${process.pid} ${performance.now()}`).digest('hex').slice(0, 12)
  const generation = `g-${stamp}-${unique}`
  await mkdir(join(folder, generation, 'records'), { recursive: true })
  await disk.write(join(folder, generation, HOT), index.hot)
  await disk.write(join(folder, generation, COLD), index.cold)
  for (const [ecosystem, content] of stored) {
    const file = recordsFile(folder, generation, ecosystem)
    if ('records' in content) await disk.write(file, packed(content.records))
    else await link(content.file, file).catch(async () => disk.write(file, readFileSync(content.file)))
  }
  return generation
}

/** Lines, gzipped in members of some thousand records, so that the text is never in memory as a whole. */
function packed(records: readonly OsvRecord[]): Buffer {
  const members: Buffer[] = []
  for (let i = 0; i < records.length; i += 4096) {
    const lines = records.slice(i, i + 4096).map(record => `${printRecord(record)}\n`)
    members.push(gzipSync(lines.join(''), { level: 3 }))
  }
  return Buffer.concat(members)
}

export async function writeCurrent(
  folder: string,
  current: Omit<Current, 'marks'>,
  marks: ReadonlyMap<string, Mark>,
  disk: Disk,
): Promise<Current> {
  const text = JSON.stringify(Object.fromEntries(marks))
  const next = { ...current, marks: `marks-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json` }
  await disk.write(join(folder, next.marks), text)
  await disk.write(join(folder, 'current.next'), `${JSON.stringify(next)}\n`)
  await disk.rename(join(folder, 'current.next'), join(folder, 'current'))
  return next
}

/** Removes what is not named: all generations but the newest and the one before, which someone may still be reading, and old marks. */
export async function removeOld(folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const old = GENERATION.test(name) || MARKS.test(name) ? !keep.has(name) : name.startsWith('update.lock.') && isLeftBehind(path)
    // What cannot be removed now, because it is open on Windows, goes the next time.
    if (old) await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}

/** A lock in the making exists for an instant, unless its maker was stopped. */
function isLeftBehind(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && Date.now() - found.mtimeMs > 60_000
}
