/** What the fields of a lockfile's entry, or of a manifest, may say. Both come from outside: everything is bounded and checked once, here. */
import { Fault } from '../../model/faults.ts'
import type { JsonNode, JsonObject } from '../../text/json-source.ts'

/** Where a field stands, for messages; and what it is a fault of. */
export interface Place {
  readonly file: string
  readonly location: string
  readonly code: 'lockfile-invalid' | 'manifest-invalid'
}

export const MAX_NESTING = 64
const LONGEST_VERSION = 256

export function ranges(place: Place, entry: JsonObject, key: string): ReadonlyMap<string, string> {
  const section = entry.get(key)
  if (section?.kind !== 'object' || section.members.length === 0) return NO_RANGES
  const found = new Map<string, string>()
  for (const member of section.members) {
    if (!isPackageName(member.key) || member.value.kind !== 'string') throw unlikely(place, `${key}.${member.key}`)
    found.set(member.key, member.value.value)
  }
  return found
}

const NO_RANGES: ReadonlyMap<string, string> = new Map()

export function text(place: Place, entry: JsonObject, key: string): string | undefined {
  const node = entry.get(key)
  if (node === undefined || node.kind === 'null' || node.kind === 'boolean') return undefined
  if (node.kind !== 'string') throw unlikely(place, key)
  return node.value
}

/** A version, or for version 1 also what stands in its place. */
export function version(place: Place, entry: JsonObject, longest = LONGEST_VERSION): string {
  const value = text(place, entry, 'version') ?? ''
  if (value.length > longest || !isPlain(value)) throw unlikely(place, 'version')
  return value
}

/** The own name of what stands at a place. Only the project itself may be called as no package can be: after its folder. */
export function ownName(place: Place, entry: JsonObject): string | undefined {
  const name = text(place, entry, 'name')
  if (name !== undefined && !(place.location === '' ? isPlain(name) : isPackageName(name))) throw unlikely(place, 'name')
  return name
}

export function nodeRange(place: Place, entry: JsonObject): string | undefined {
  const engines = entry.get('engines')
  return engines?.kind === 'object' ? text(place, engines, 'node') : undefined
}

export function optionalPeers(entry: JsonObject): ReadonlySet<string> {
  const meta = entry.get('peerDependenciesMeta')
  const names = new Set<string>()
  if (meta?.kind !== 'object') return names
  for (const { key, value } of meta.members) if (value.kind === 'object' && isTrue(value.get('optional'))) names.add(key)
  return names
}

export function isTrue(node: JsonNode | undefined): boolean {
  return node?.kind === 'boolean' && node.value
}

export function unlikely({ file, location, code }: Place, key: string): Fault {
  return new Fault(code, `${file}: ${location === '' ? 'the project' : printable(location)} has a ${printable(key)} that cannot be right.`)
}

/** An install path: names below `node_modules`, or a folder of the project (or beside it) for workspaces and links. */
export function checkLocation(file: string, location: string) {
  const folders = location === '' ? [] : location.slice(0, 4097).split('/')
  const wrong =
    location.length > 4096 ||
    location.split('node_modules/').length > MAX_NESTING ||
    !isPlain(location) ||
    location.includes('\\') ||
    location.startsWith('/') ||
    /^[A-Za-z]:/.test(location) ||
    folders.some(
      (folder, at) => folder === '' || folder === '.' || (folder === '..' && folders.slice(0, at).some(above => above !== '..')),
    ) ||
    (location.includes('node_modules') && !/(^|\/)node_modules\/(@[^/]+\/)?[^/@][^/]*$/.test(location))
  if (wrong) throw new Fault('lockfile-invalid', `${file}: ${printable(location)} is not an install path.`)
}

/** npm's own bound is 214 characters; older packages may hold capitals and odd punctuation, but never a path. */
export function isPackageName(name: string): boolean {
  return (
    name.length > 0 && name.length <= 256 && /^(@[^/\\@]+\/)?[^/\\@.][^/\\]*$|^(@[^/\\@]+\/)?\.[^/\\.][^/\\]*$/.test(name) && isPlain(name)
  )
}

/** No control characters, no halves of characters. */
function isPlain(value: string): boolean {
  return value.isWellFormed() && !/[\u0000-\u001f\u007f-\u009f]/.test(value)
}

/** Outside text inside a message: bounded, control characters visible. */
export function printable(value: string): string {
  return JSON.stringify(value.length > 120 ? `${value.slice(0, 117)}...` : value)
}
