/** Reads package-lock.json and npm-shrinkwrap.json, versions 1, 2 and 3, into entries by install path. Source: npm's lockfile documentation. */
import { Fault } from '../../model/faults.ts'
import { JsonObject, readJsonSource } from '../../text/json-source.ts'
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

/** Bounds: the largest public locks have about 10,000 entries. */
export const MAX_LOCK_BYTES = 128 * 1024 * 1024
export const MAX_ENTRIES = 50_000
export const MAX_NESTING = 64
const MAX_NODES = 4_000_000

export function readLock(file: string, text: string): LockDocument {
  if (text.length > MAX_LOCK_BYTES) throw new Fault('lockfile-too-large', `${file} is larger than ${MAX_LOCK_BYTES / 1024 / 1024} MiB.`)
  const root = readJsonSource(text, { file, maxNodes: MAX_NODES, maxDepth: 3 * MAX_NESTING })
  if (!(root instanceof JsonObject)) throw new Fault('lockfile-invalid', `${file} is not a JSON object.`)
  const version = root.get('lockfileVersion')
  if (version?.kind !== 'number' || (version.value !== 1 && version.value !== 2 && version.value !== 3)) {
    throw new Fault('lockfile-unsupported', `${file} says lockfileVersion ${version === undefined ? 'nothing' : text.slice(version.start, version.end).slice(0, 40)}.`)
  }
  const entries = version.value === 1 ? readEntriesV1(file, root) : readEntries(file, root)
  return { file, text, root, version: version.value, entries }
}

function readEntries(file: string, root: JsonObject): ReadonlyMap<string, LockEntry> {
  const packages = root.get('packages')
  if (!(packages instanceof JsonObject)) throw new Fault('lockfile-invalid', `${file} has no packages.`)
  if (packages.members.length > MAX_ENTRIES) throw new Fault('lockfile-too-large', `${file} has more than ${MAX_ENTRIES} entries.`)
  const [twice] = packages.duplicates
  if (twice !== undefined) throw new Fault('lockfile-invalid', `${file} holds ${printable(twice)} twice.`)
  const entries = new Map<string, LockEntry>()
  for (const { key, value } of packages.members) {
    checkLocation(file, key)
    if (!(value instanceof JsonObject)) throw new Fault('lockfile-invalid', `${file}: the entry ${printable(key)} is not an object.`)
    entries.set(key, readEntry(file, key, value))
  }
  if (!entries.has('')) throw new Fault('lockfile-invalid', `${file} has no entry for the project itself.`)
  for (const entry of entries.values()) {
    if (entry.link !== undefined && entries.get(entry.link) === undefined) {
      throw new Fault('lockfile-invalid', `${file}: the link ${printable(entry.location)} leads to ${printable(entry.link)}, which is not there.`)
    }
    if (entry.link !== undefined && entries.get(entry.link)?.link !== undefined) {
      throw new Fault('lockfile-invalid', `${file}: the link ${printable(entry.location)} leads to another link.`)
    }
  }
  return entries
}

function readEntry(file: string, location: string, entry: JsonObject): LockEntry {
  const link = isTrue(entry, 'link')
  const resolved = text(file, location, entry, 'resolved')
  if (link && resolved === undefined) throw new Fault('lockfile-invalid', `${file}: the link ${printable(location)} leads nowhere.`)
  const engines = entry.get('engines')
  const version = text(file, location, entry, 'version')
  if (version !== undefined && (version.length > 256 || hasControl(version))) throw unlikely(file, location, 'version')
  return {
    location,
    name: text(file, location, entry, 'name'),
    version: version ?? '',
    resolved,
    integrity: text(file, location, entry, 'integrity'),
    link: link ? resolved : undefined,
    bundled: isTrue(entry, 'inBundle'),
    hasShrinkwrap: isTrue(entry, 'hasShrinkwrap'),
    hasInstallScript: isTrue(entry, 'hasInstallScript'),
    deprecated: entry.get('deprecated') !== undefined,
    node: engines instanceof JsonObject ? text(file, location, engines, 'node') : undefined,
    dependencies: ranges(file, location, entry, 'dependencies'),
    optionalDependencies: ranges(file, location, entry, 'optionalDependencies'),
    peerDependencies: ranges(file, location, entry, 'peerDependencies'),
    optionalPeers: optionalPeers(entry),
    devDependencies: ranges(file, location, entry, 'devDependencies'),
    approximate: false,
  }
}

function optionalPeers(entry: JsonObject): ReadonlySet<string> {
  const meta = entry.get('peerDependenciesMeta')
  const names = new Set<string>()
  if (!(meta instanceof JsonObject)) return names
  for (const { key, value } of meta.members) if (value instanceof JsonObject && isTrue(value, 'optional')) names.add(key)
  return names
}

export function ranges(file: string, location: string, entry: JsonObject, key: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const section = entry.get(key)
  if (!(section instanceof JsonObject)) return found
  for (const member of section.members) {
    if (!isPackageName(member.key) || member.value.kind !== 'string') throw unlikely(file, location, `${key}.${member.key}`)
    found.set(member.key, member.value.value)
  }
  return found
}

export function text(file: string, location: string, entry: JsonObject, key: string): string | undefined {
  const node = entry.get(key)
  if (node === undefined || node.kind === 'null' || node.kind === 'boolean') return undefined
  if (node.kind !== 'string') throw unlikely(file, location, key)
  return node.value
}

export function isTrue(entry: JsonObject, key: string): boolean {
  const node = entry.get(key)
  return node?.kind === 'boolean' && node.value
}

export function unlikely(file: string, location: string, key: string): Fault {
  return new Fault('lockfile-invalid', `${file}: ${printable(location) || 'the project'} has a ${printable(key)} that cannot be right.`)
}

/** An install path: names below `node_modules`, or a folder of the project (or beside it) for workspaces and links. */
export function checkLocation(file: string, location: string) {
  const nesting = location.split('node_modules/').length
  const folders = location === '' ? [] : location.split('/')
  const wrong =
    location.length > 4096 ||
    nesting > MAX_NESTING ||
    hasControl(location) ||
    location.includes('\\') ||
    location.startsWith('/') ||
    /^[A-Za-z]:/.test(location) ||
    folders.some((folder, at) => folder === '' || folder === '.' || (folder === '..' && folders.slice(0, at).some((above) => above !== '..'))) ||
    (location.includes('node_modules') && !/(^|\/)node_modules\/(@[^/]+\/)?[^/@][^/]*$/.test(location))
  if (wrong) throw new Fault('lockfile-invalid', `${file}: ${printable(location)} is not an install path.`)
}

/** npm's own bound is 214 characters; older packages may hold capitals and odd punctuation, but never a path. */
export function isPackageName(name: string): boolean {
  return name.length > 0 && name.length <= 256 && /^(@[^/\\@]+\/)?[^/\\@.][^/\\]*$|^(@[^/\\@]+\/)?\.[^/\\.][^/\\]*$/.test(name) && !hasControl(name)
}

function hasControl(value: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  return /[\u0000-\u001f\u007f-\u009f]/.test(value)
}

/** Outside text inside a message: bounded, control characters visible. */
export function printable(value: string): string {
  return JSON.stringify(value.length > 120 ? `${value.slice(0, 117)}...` : value)
}
