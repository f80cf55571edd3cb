/** Version 1 locks: a nested tree of `dependencies`; ranges only in `requires`, with npm 5 often the exact installed version. */
import { Fault } from '../../model/faults.ts'
import { JsonObject } from '../../text/json-source.ts'
import { checkLocation, isPackageName, isTrue, type LockEntry, MAX_ENTRIES, MAX_NESTING, printable, ranges, text, unlikely } from './read-lock.ts'
import { childLocation } from './tree.ts'

const NONE: ReadonlyMap<string, string> = new Map()
const NO_NAMES: ReadonlySet<string> = new Set()

export function readEntriesV1(file: string, root: JsonObject): ReadonlyMap<string, LockEntry> {
  const entries = new Map<string, LockEntry>()
  entries.set('', { ...emptyEntry(''), name: text(file, '', root, 'name'), version: text(file, '', root, 'version') ?? '' })
  readLevel(file, '', root, entries, 0)
  return entries
}

function readLevel(file: string, parent: string, of: JsonObject, entries: Map<string, LockEntry>, depth: number) {
  if (depth > MAX_NESTING) throw new Fault('lockfile-invalid', `${file} is nested deeper than ${MAX_NESTING} packages.`)
  const dependencies = of.get('dependencies')
  if (!(dependencies instanceof JsonObject)) return
  const [twice] = dependencies.duplicates
  if (twice !== undefined) throw new Fault('lockfile-invalid', `${file} holds ${printable(childLocation(parent, twice))} twice.`)
  for (const { key, value } of dependencies.members) {
    const location = childLocation(parent, key)
    if (!isPackageName(key) || !(value instanceof JsonObject)) throw unlikely(file, parent, `dependencies.${key}`)
    checkLocation(file, location)
    entries.set(location, readEntry(file, location, value))
    if (entries.size > MAX_ENTRIES) throw new Fault('lockfile-too-large', `${file} has more than ${MAX_ENTRIES} entries.`)
    readLevel(file, location, value, entries, depth + 1)
  }
}

function readEntry(file: string, location: string, entry: JsonObject): LockEntry {
  const version = text(file, location, entry, 'version') ?? ''
  const alias = /^npm:((?:@[^/@]+\/)?[^/@]+)@(.+)$/.exec(version)
  const plain = alias === null && !version.includes(':')
  return {
    ...emptyEntry(location),
    name: alias?.[1],
    version: alias?.[2] ?? (plain ? version : ''),
    resolved: plain || alias !== null ? text(file, location, entry, 'resolved') : version,
    integrity: text(file, location, entry, 'integrity'),
    bundled: isTrue(entry, 'bundled'),
    dependencies: ranges(file, location, entry, 'requires'),
    approximate: true,
  }
}

function emptyEntry(location: string): LockEntry {
  return {
    location,
    name: undefined,
    version: '',
    resolved: undefined,
    integrity: undefined,
    link: undefined,
    bundled: false,
    hasShrinkwrap: false,
    hasInstallScript: false,
    deprecated: false,
    node: undefined,
    dependencies: NONE,
    optionalDependencies: NONE,
    peerDependencies: NONE,
    optionalPeers: NO_NAMES,
    devDependencies: NONE,
    approximate: false,
  }
}
