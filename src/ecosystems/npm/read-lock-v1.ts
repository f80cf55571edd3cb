/** Version 1 locks: a nested tree of `dependencies`; ranges only in `requires`, with npm 5 often the exact installed version. */
import { Fault } from '../../model/faults.ts'
import { JsonObject } from '../../text/json-source.ts'
import {
  checkLocation,
  isPackageName,
  isTrue,
  MAX_NESTING,
  ownName,
  type Place,
  printable,
  ranges,
  text,
  unlikely,
  version,
} from './lock-fields.ts'
import { type LockEntry, MAX_ENTRIES } from './read-lock.ts'
import { childLocation } from './tree.ts'

const NONE: ReadonlyMap<string, string> = new Map()
const NO_NAMES: ReadonlySet<string> = new Set()

/** Where a version is none, it is the address that the package came from. */
const LONGEST_ADDRESS = 4096

export function readEntriesV1(file: string, root: JsonObject): ReadonlyMap<string, LockEntry> {
  const entries = new Map<string, LockEntry>()
  const place: Place = { file, location: '', code: 'lockfile-invalid' }
  entries.set('', { ...emptyEntry(''), name: ownName(place, root), version: version(place, root) })
  readLevel(place, root, entries, 0)
  return entries
}

function readLevel(place: Place, of: JsonObject, entries: Map<string, LockEntry>, depth: number) {
  const { file, location: parent } = place
  if (depth > MAX_NESTING) throw new Fault('lockfile-invalid', `${file} is nested deeper than ${MAX_NESTING} packages.`)
  const dependencies = of.get('dependencies')
  if (!(dependencies instanceof JsonObject)) return
  const [twice] = dependencies.duplicates
  if (twice !== undefined) throw new Fault('lockfile-invalid', `${file} holds ${printable(childLocation(parent, twice))} twice.`)
  for (const { key, value } of dependencies.members) {
    const location = childLocation(parent, key)
    if (!isPackageName(key) || !(value instanceof JsonObject)) throw unlikely(place, `dependencies.${key}`)
    checkLocation(file, location)
    const inside: Place = { ...place, location }
    entries.set(location, readEntry(inside, value))
    if (entries.size > MAX_ENTRIES) throw new Fault('lockfile-too-large', `${file} has more than ${MAX_ENTRIES} entries.`)
    readLevel(inside, value, entries, depth + 1)
  }
}

function readEntry(place: Place, entry: JsonObject): LockEntry {
  const written = version(place, entry, LONGEST_ADDRESS)
  const alias = /^npm:((?:@[^/@]+\/)?[^/@]+)@(.+)$/.exec(written)
  const [, name, aliased] = alias ?? []
  if (name !== undefined && !isPackageName(name)) throw unlikely(place, 'version')
  const plain = alias === null && !written.includes(':')
  return {
    ...emptyEntry(place.location),
    name,
    version: aliased ?? (plain ? written : ''),
    resolved: plain || alias !== null ? text(place, entry, 'resolved') : written,
    integrity: text(place, entry, 'integrity'),
    bundled: isTrue(entry.get('bundled')),
    dependencies: ranges(place, entry, 'requires'),
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
