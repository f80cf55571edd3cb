import { Fault } from '../../../model/faults.ts'
import type { TextEdit } from '../../../text/edits.ts'
import type { JsonStyle } from '../../../text/json-edits.ts'
import { editMembers } from '../../../text/json-edits.ts'
import type { JsonObject, JsonValue } from '../../../text/json-source.ts'
import { flagChanges, packageChanges, packageFields, printedEntry } from './entry-fields.ts'
import { npmKeyOrder, recordOf } from './key-order.ts'
import type { LockChanges, ManifestRange } from './lock-changes.ts'
import type { LockHabit } from './lock-habit.ts'
import type { LockSource } from './lock-source.ts'

/** Edits of `packages`, the flat section of version 2 and 3. */
export function packagesEdits(lock: LockSource, changes: LockChanges, habit: LockHabit, style: JsonStyle): TextEdit[] {
  const packages = lock.root.get('packages')
  if (packages?.kind !== 'object') throw new Fault('lockfile-invalid', `${lock.file} has no "packages".`)
  const entryAt = (path: string): JsonObject | undefined => {
    const node = packages.get(path)
    return node?.kind === 'object' ? node : undefined
  }
  const inside: TextEdit[] = []
  const insert = new Map<string, JsonValue>()
  const remove = new Set(packages.members.map(member => member.key).filter(path => goes(path, changes)))
  for (const [path, spec] of changes.set) {
    const entry = entryAt(path)
    const fields = packageFields(path, spec, habit, entry)
    if (entry === undefined) insert.set(path, printedEntry(fields))
    else inside.push(...editMembers(lock.text, entry, packageChanges(entry, fields, spec), style))
  }
  for (const [path, flags] of changes.flags) {
    const entry = entryAt(path)
    if (entry === undefined || changes.set.has(path) || remove.has(path)) continue
    inside.push(...editMembers(lock.text, entry, flagChanges(entry, flags, habit), style))
  }
  for (const [path, ranges] of byPath(changes.manifests ?? [])) {
    const entry = entryAt(path)
    if (entry !== undefined) inside.push(...rangeEdits(lock.text, entry, ranges, style))
  }
  return editMembers(lock.text, packages, { inside, insert, remove, compare: npmKeyOrder }, style)
}

/** Whether an entry, or one that it is nested in, is removed. */
function goes(path: string, changes: LockChanges): boolean {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (changes.set.has(at)) return false
    if (changes.remove.has(at)) return true
  }
  return false
}

function byPath(ranges: readonly ManifestRange[]): Map<string, ManifestRange[]> {
  return Map.groupBy(ranges, range => range.path)
}

function rangeEdits(text: string, entry: JsonObject, ranges: readonly ManifestRange[], style: JsonStyle): TextEdit[] {
  const inside: TextEdit[] = []
  const insert = new Map<string, JsonValue>()
  for (const [section, changed] of Map.groupBy(ranges, range => range.section)) {
    const node = entry.get(section)
    const values = new Map<string, JsonValue>(changed.map(({ name, range }) => [name, range]))
    if (node?.kind !== 'object') {
      insert.set(section, recordOf(values))
      continue
    }
    const set = new Map([...values].filter(([name]) => node.member(name) !== undefined))
    const fresh = new Map([...values].filter(([name]) => node.member(name) === undefined))
    inside.push(...editMembers(text, node, { set, insert: fresh, compare: npmKeyOrder }, style))
  }
  return editMembers(text, entry, { inside, insert, compare: npmKeyOrder }, style)
}
