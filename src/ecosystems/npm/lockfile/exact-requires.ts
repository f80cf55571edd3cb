import type { JsonObject } from '../../../text/json-source.ts'
import type { EntrySpec, LockChanges, ManifestRange } from './lock-changes.ts'
import { textOf } from './lock-entries.ts'
import type { LockSource } from './lock-source.ts'
import { manifestFields, requiresOf } from './manifest-fields.ts'

/**
 * npm 5 wrote the versions that it had chosen under `requires`, where later ones write the ranges that are declared. In such a lock
 * a changed entry follows suit, and whoever requires a version that moves says the new one.
 */
export function withExactRequires(lock: LockSource, changes: LockChanges): LockChanges {
  if (lock.lockfileVersion !== 1) return changes
  const entries = legacyEntries(lock.root)
  const before = new Map([...entries].map(([path, entry]) => [path, textOf(entry.get('version')) ?? '']))
  if (!isExact(entries, before)) return changes
  const after = versionsAfter(before, changes)
  const set = new Map<string, EntrySpec>()
  for (const [path, spec] of changes.set) {
    const needs = Object.keys(requiresOf(manifestFields(spec.name ?? '', spec.manifest)))
    const chosen = needs.flatMap((name): [string, string][] => {
      const version = chosenFor(path, name, after)
      return version === undefined ? [] : [[name, version]]
    })
    set.set(path, { ...spec, overridden: new Map(chosen) })
  }
  const manifests: ManifestRange[] = [...(changes.manifests ?? [])]
  for (const [path, entry] of entries) {
    if (changes.set.has(path) || !after.has(path)) continue
    for (const [name, range] of requiresIn(entry)) {
      const version = chosenFor(path, name, after)
      if (version !== undefined && version !== range && range === chosenFor(path, name, before)) {
        manifests.push({ path, section: 'dependencies', name, range: version })
      }
    }
  }
  return { ...changes, set, manifests }
}

function isExact(entries: ReadonlyMap<string, JsonObject>, versions: ReadonlyMap<string, string>): boolean {
  let all = 0
  let exact = 0
  for (const [path, entry] of entries) {
    for (const [name, range] of requiresIn(entry)) {
      all++
      if (range === chosenFor(path, name, versions)) exact++
    }
  }
  return all > 4 && exact > all * 0.9
}

function versionsAfter(before: ReadonlyMap<string, string>, changes: LockChanges): Map<string, string> {
  const gone = (path: string): boolean => {
    if (changes.remove.has(path)) return true
    const parent = path.lastIndexOf('/node_modules/')
    return parent >= 0 && gone(path.slice(0, parent))
  }
  const after = new Map([...before].filter(([path]) => !gone(path)))
  for (const [path, spec] of changes.set) after.set(path, spec.version)
  return after
}

/** The version that a name means at a place: the nearest one up the folders, as Node.js looks for it. */
function chosenFor(path: string, name: string, versions: ReadonlyMap<string, string>): string | undefined {
  for (let at = path; ; ) {
    const found = versions.get(`${at}${at === '' ? '' : '/'}node_modules/${name}`)
    if (found !== undefined || at === '') return found
    at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))
  }
}

function requiresIn(entry: JsonObject): [string, string][] {
  const requires = entry.get('requires')
  if (requires?.kind !== 'object') return []
  return requires.members.flatMap(({ key, value }): [string, string][] => (value.kind === 'string' ? [[key, value.value]] : []))
}

function legacyEntries(parent: JsonObject, base = '', entries = new Map<string, JsonObject>()): Map<string, JsonObject> {
  const dependencies = parent.get('dependencies')
  if (dependencies?.kind !== 'object') return entries
  for (const { key, value } of dependencies.members) {
    if (value.kind !== 'object') continue
    entries.set(`${base}node_modules/${key}`, value)
    legacyEntries(value, `${base}node_modules/${key}/`, entries)
  }
  return entries
}
