import { Fault } from '../../../model/faults.ts'
import type { MemberChanges } from '../../../text/json-edits.ts'
import type { JsonObject, JsonValue } from '../../../text/json-source.ts'
import { inNpmOrder, isRecord, npmKeyOrder, recordOf } from './key-order.ts'
import type { EntryFlags, EntrySpec } from './lock-changes.ts'
import { FLAGS } from './lock-changes.ts'
import { nameOfPath, textOf } from './lock-entries.ts'
import type { LockHabit } from './lock-habit.ts'
import type { ManifestFields } from './manifest-fields.ts'
import { integrityOf, manifestFields, requiresOf, tarballOf } from './manifest-fields.ts'

/** The members an entry should have; members that are not managed here stay as they are. */
export type EntryFields = ReadonlyMap<string, JsonValue>

const PACKAGE_FIELDS = [
  'name',
  'version',
  'resolved',
  'integrity',
  'dependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'optionalDependencies',
  'bundleDependencies',
  'acceptDependencies',
  'funding',
  'engines',
  'os',
  'cpu',
  'libc',
  'license',
  'hasShrinkwrap',
  'hasInstallScript',
  'bin',
  'deprecated',
  'workspaces',
  'extraneous',
  ...FLAGS,
] as const // prettier-ignore
const LEGACY_FIELDS = ['version', 'from', 'bundled', 'resolved', 'integrity', 'extraneous', 'requires', ...FLAGS] as const

/** The fields of an entry in `packages` (version 2 and 3). */
export function packageFields(path: string, spec: EntrySpec, habit: LockHabit, current: JsonObject | undefined): EntryFields {
  const folder = nameOfPath(path)
  const name = spec.name ?? folder
  const manifest = manifestFields(name, spec.manifest)
  const fields = new Map<string, JsonValue>([['version', spec.version]])
  if (name !== folder) fields.set('name', name)
  if (spec.bundled === 'inside' || spec.bundled === 'by-project') fields.set('inBundle', true)
  if (spec.bundled !== 'inside') putSource(fields, name, spec, habit, current)
  for (const [key, value] of manifest) {
    if (key === 'dependencies' || key === 'optionalDependencies' || habit.prints(key, current)) fields.set(key, value)
  }
  for (const flag of flagsOf(spec.flags, habit, current)) fields.set(flag, true)
  return fields
}

/** The fields of an entry in the nested tree (version 1 and 2), but for what is nested in it. */
export function legacyFields(path: string, spec: EntrySpec, habit: LockHabit, current: JsonObject | undefined): EntryFields {
  const folder = nameOfPath(path)
  const name = spec.name ?? folder
  const manifest = manifestFields(name, spec.manifest)
  const fields = new Map<string, JsonValue>([['version', name === folder ? spec.version : `npm:${name}@${spec.version}`]])
  if (spec.bundled === 'inside' || spec.bundled === 'by-project') fields.set('bundled', true)
  if (spec.bundled !== 'inside') putSource(fields, name, spec, habit, current)
  const requires = requiresOf(manifest, spec.overridden)
  if (printsRequires(requires, manifest, habit)) fields.set('requires', requires)
  for (const flag of flagsOf(spec.flags, habit, current)) fields.set(flag, true)
  return fields
}

function printsRequires(requires: JsonValue, manifest: ManifestFields, habit: LockHabit): boolean {
  if (habit.requires === 'never' || !isRecord(requires)) return false
  return Object.keys(requires).length > 0 || (habit.requires === 'always' && manifest.has('peerDependencies'))
}

function putSource(fields: Map<string, JsonValue>, name: string, spec: EntrySpec, habit: LockHabit, current: JsonObject | undefined): void {
  const integrity = integrityOf(spec.manifest)
  if (integrity !== undefined && habit.prints('integrity', current)) fields.set('integrity', integrity)
  if (!habit.prints('resolved', current)) return
  const address = habit.resolved.address(name, spec.version, tarballOf(spec.manifest), textOf(current?.get('resolved')))
  if (address !== undefined) fields.set('resolved', address)
}

function flagsOf(flags: EntryFlags, habit: LockHabit, current: JsonObject | undefined): string[] {
  return FLAGS.filter(flag => flags[flag] === true && habit.prints(flag, current))
}

/** A new entry, in npm's order. */
export function printedEntry(fields: EntryFields): JsonValue {
  return inNpmOrder(recordOf(fields))
}

/** The changes that give an existing entry its new fields; whatever else it holds stays. */
export function packageChanges(entry: JsonObject, fields: EntryFields, spec: Pick<EntrySpec, 'bundled'>): MemberChanges {
  return memberChanges(entry, fields, spec.bundled === undefined ? PACKAGE_FIELDS : [...PACKAGE_FIELDS, 'inBundle'])
}

export function legacyChanges(entry: JsonObject, fields: EntryFields): MemberChanges {
  return memberChanges(entry, fields, LEGACY_FIELDS)
}

/** The changes that give an existing entry these flags and no others. */
export function flagChanges(entry: JsonObject, flags: EntryFlags, habit: LockHabit): MemberChanges {
  const fields = new Map<string, JsonValue>(flagsOf(flags, habit, entry).map(flag => [flag, true]))
  return memberChanges(entry, fields, FLAGS)
}

function memberChanges(entry: JsonObject, fields: EntryFields, managed: readonly string[]): MemberChanges {
  const set = new Map<string, JsonValue>()
  const insert = new Map<string, JsonValue>()
  const remove = new Set<string>()
  for (const key of managed) {
    const member = entry.member(key)
    const value = fields.get(key)
    if (value === undefined) {
      if (member !== undefined) remove.add(key)
    } else if (member === undefined) insert.set(key, inNpmOrder(value))
    else if ((member.value.kind === 'object') === isRecord(value)) set.set(key, value)
    else {
      // npm prints objects behind all else, so the member moves.
      remove.add(key)
      insert.set(key, inNpmOrder(value))
    }
  }
  return { set, insert, remove, compare: npmKeyOrder }
}

/** Faults: `lockfile-invalid` for a path that no install has. */
export function assertInstallPath(path: string): void {
  const parts = path.split('/')
  const odd = parts.some(part => part === '' || part === '.' || part === '..' || /[\\\0-\x1f]/.test(part))
  if (odd || path.includes('__proto__') || !/(^|\/)node_modules\/(@[^/]+\/)?[^/@][^/]*$/.test(path)) {
    throw new Fault('lockfile-invalid', `${JSON.stringify(path)} is not an install path.`)
  }
}
