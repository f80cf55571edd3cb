/** Reads package-lock.json and npm-shrinkwrap.json, versions 1, 2 and 3, into entries by install path. Source: npm's lockfile documentation. */
import { Fault } from '../../model/faults.ts'
import { type JsonNode, JsonObject, readJsonSource } from '../../text/json-source.ts'
import {
  checkLocation,
  isTrue,
  MAX_NESTING,
  nodeRange,
  optionalPeers,
  ownName,
  type Place,
  printable,
  ranges,
  text,
  unlikely,
  version,
} from './lock-fields.ts'
import { readEntriesV1 } from './read-lock-v1.ts'

export type LockfileVersion = 1 | 2 | 3

export interface LockEntry {
  readonly location: string
  /** The package's own name, where it differs from the folder's (an alias, a workspace). */
  readonly name: string | undefined
  readonly version: string
  readonly resolved: string | undefined
  readonly integrity: string | undefined
  /** Target location of a link. */
  readonly link: string | undefined
  readonly bundled: boolean
  readonly hasShrinkwrap: boolean
  readonly hasInstallScript: boolean
  readonly deprecated: boolean
  readonly node: string | undefined
  readonly dependencies: ReadonlyMap<string, string>
  readonly optionalDependencies: ReadonlyMap<string, string>
  readonly peerDependencies: ReadonlyMap<string, string>
  readonly optionalPeers: ReadonlySet<string>
  readonly devDependencies: ReadonlyMap<string, string>
  /** The ranges may be exact copies of what was installed (version 1), so the registry's word goes before them. */
  readonly approximate: boolean
}

export interface LockDocument {
  /** File name, relative to the target. */
  readonly file: string
  readonly text: string
  readonly root: JsonObject
  readonly version: LockfileVersion
  readonly entries: ReadonlyMap<string, LockEntry>
}

/** Bounds, about ten times what the largest public locks have: 10,000 entries, 5 MB, 130,000 values, 40,000 needs with 300 kB of ranges. */
export const MAX_LOCK_BYTES = 64 * 1024 * 1024
export const MAX_ENTRIES = 50_000
const MAX_NODES = 1_500_000
const MAX_NEEDS = 500_000
const MAX_RANGE_TEXT = 4 * 1024 * 1024

export function readLock(file: string, text: string): LockDocument {
  if (text.length > MAX_LOCK_BYTES) throw new Fault('lockfile-too-large', `${file} is larger than ${MAX_LOCK_BYTES / 1024 / 1024} MiB.`)
  const root = readBounded(file, text)
  if (!(root instanceof JsonObject)) throw new Fault('lockfile-invalid', `${file} is not a JSON object.`)
  const version = root.get('lockfileVersion')
  if (version?.kind !== 'number' || (version.value !== 1 && version.value !== 2 && version.value !== 3)) {
    throw new Fault(
      'lockfile-unsupported',
      `${file} says lockfileVersion ${version === undefined ? 'nothing' : text.slice(version.start, version.end).slice(0, 40)}.`,
    )
  }
  const entries = version.value === 1 ? readEntriesV1(file, root) : readEntries(file, root)
  checkSize(file, entries)
  return { file, text, root, version: version.value, entries }
}

function readBounded(file: string, text: string): JsonNode {
  try {
    return readJsonSource(text, { file, maxNodes: MAX_NODES, maxMembers: MAX_ENTRIES, maxDepth: 3 * MAX_NESTING })
  } catch (fault) {
    if (fault instanceof Fault && fault.code === 'file-too-large') throw new Fault('lockfile-too-large', fault.message, { cause: fault })
    throw fault
  }
}

/** Each need and each range costs time, wherever it stands. */
function checkSize(file: string, entries: ReadonlyMap<string, LockEntry>) {
  let needs = 0
  let characters = 0
  for (const entry of entries.values()) {
    for (const section of [entry.dependencies, entry.optionalDependencies, entry.peerDependencies, entry.devDependencies]) {
      needs += section.size
      for (const range of section.values()) characters += range.length
    }
  }
  if (needs > MAX_NEEDS) throw new Fault('lockfile-too-large', `${file} declares more than ${MAX_NEEDS} dependencies.`)
  if (characters > MAX_RANGE_TEXT)
    throw new Fault('lockfile-too-large', `${file} holds more than ${MAX_RANGE_TEXT / 1024 / 1024} MiB of ranges.`)
}

function readEntries(file: string, root: JsonObject): ReadonlyMap<string, LockEntry> {
  const packages = root.get('packages')
  if (!(packages instanceof JsonObject)) throw new Fault('lockfile-invalid', `${file} has no packages.`)
  const [twice] = packages.duplicates
  if (twice !== undefined) throw new Fault('lockfile-invalid', `${file} holds ${printable(twice)} twice.`)
  const entries = new Map<string, LockEntry>()
  for (const { key, value } of packages.members) {
    checkLocation(file, key)
    if (!(value instanceof JsonObject)) throw new Fault('lockfile-invalid', `${file}: the entry ${printable(key)} is not an object.`)
    entries.set(key, readEntry({ file, location: key, code: 'lockfile-invalid' }, value))
  }
  const project = entries.get('')
  if (project === undefined || project.link !== undefined)
    throw new Fault('lockfile-invalid', `${file} has no entry for the project itself.`)
  for (const { location, link } of entries.values()) if (link !== undefined) checkLink(file, location, link, entries.get(link))
  return entries
}

function checkLink(file: string, location: string, link: string, target: LockEntry | undefined) {
  const wrong = target === undefined ? `${printable(link)}, which is not there` : target.link === undefined ? undefined : 'another link'
  if (wrong !== undefined) throw new Fault('lockfile-invalid', `${file}: the link ${printable(location)} leads to ${wrong}.`)
}

function readEntry(place: Place, entry: JsonObject): LockEntry {
  const link = isTrue(entry.get('link'))
  const resolved = text(place, entry, 'resolved')
  if (link && resolved === undefined) throw unlikely(place, 'link')
  return {
    location: place.location,
    name: ownName(place, entry),
    version: version(place, entry),
    resolved,
    integrity: text(place, entry, 'integrity'),
    link: link ? resolved : undefined,
    bundled: isTrue(entry.get('inBundle')),
    hasShrinkwrap: isTrue(entry.get('hasShrinkwrap')),
    hasInstallScript: isTrue(entry.get('hasInstallScript')),
    deprecated: entry.get('deprecated') !== undefined,
    node: nodeRange(place, entry),
    dependencies: ranges(place, entry, 'dependencies'),
    optionalDependencies: ranges(place, entry, 'optionalDependencies'),
    peerDependencies: ranges(place, entry, 'peerDependencies'),
    optionalPeers: optionalPeers(entry),
    devDependencies: ranges(place, entry, 'devDependencies'),
    approximate: false,
  }
}
