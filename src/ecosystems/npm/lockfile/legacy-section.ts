import type { TextEdit } from '../../../text/edits.ts'
import type { JsonStyle, MemberChanges } from '../../../text/json-edits.ts'
import { editMembers } from '../../../text/json-edits.ts'
import type { JsonObject, JsonValue } from '../../../text/json-source.ts'
import { flagChanges, legacyChanges, legacyFields } from './entry-fields.ts'
import { inNpmOrder, npmKeyOrder, recordOf } from './key-order.ts'
import type { EntryFlags, EntrySpec, LockChanges } from './lock-changes.ts'
import { textOf } from './lock-entries.ts'
import type { LockHabit } from './lock-habit.ts'
import type { LockSource } from './lock-source.ts'

/**
 * Edits of `dependencies`, the nested tree that is all of version 1 and mirrors `packages` in version 2. Changes come by install
 * path; they are hung into a tree of names first, because an object's members must be edited together.
 */
export function legacyEdits(lock: LockSource, changes: LockChanges, habit: LockHabit, style: JsonStyle): TextEdit[] {
  const root = changeTree(lock, changes)
  const nested = nestedChanges({ lock, habit, style }, lock.root, root)
  return editMembers(lock.text, lock.root, { ...nested, compare: npmKeyOrder }, style)
}

/** What happens to one place of the tree and below it. */
interface Branch {
  path: string
  spec?: EntrySpec
  flags?: EntryFlags
  removed?: true
  /** New ranges under `requires`, for linked folders whose manifest changes. */
  readonly requires: Map<string, string>
  readonly children: Map<string, Branch>
}

interface Context {
  readonly lock: LockSource
  readonly habit: LockHabit
  readonly style: JsonStyle
}

function changeTree(lock: LockSource, changes: LockChanges): Branch {
  const root = newBranch('')
  const links = linksByTarget(lock.root)
  const eachPlace = (path: string, visit: (branch: Branch) => unknown) => {
    for (const names of placesOf(path, links)) {
      const branch = names.reduce((parent, name) => childOf(parent, name), root)
      branch.path = path
      visit(branch)
    }
  }
  for (const path of changes.remove) eachPlace(path, branch => Object.assign(branch, { removed: true }))
  for (const [path, flags] of changes.flags) eachPlace(path, branch => Object.assign(branch, { flags }))
  for (const [path, spec] of changes.set) {
    eachPlace(path, branch => {
      branch.spec = spec
      delete branch.removed
    })
  }
  for (const { path, section, name, range } of changes.manifests ?? []) {
    if (path !== '' && section !== 'peerDependencies') eachPlace(path, branch => branch.requires.set(name, range))
  }
  return root
}

function newBranch(path: string): Branch {
  return { path, requires: new Map(), children: new Map() }
}

function childOf(parent: Branch, name: string): Branch {
  const child = parent.children.get(name) ?? newBranch('')
  parent.children.set(name, child)
  return child
}

/** Folder → the names that lead to the links to it: what is installed in a linked folder is listed under the link. */
function linksByTarget(root: JsonObject): Map<string, string[][]> {
  const links = new Map<string, string[][]>()
  const visit = (parent: JsonObject, names: readonly string[]) => {
    const dependencies = parent.get('dependencies')
    if (dependencies?.kind !== 'object') return
    for (const { key, value } of dependencies.members) {
      if (value.kind !== 'object') continue
      const target = /^file:(.+)$/.exec(textOf(value.get('version')) ?? '')?.[1]
      if (target !== undefined) links.set(target, [...(links.get(target) ?? []), [...names, key]])
      visit(value, [...names, key])
    }
  }
  visit(root, [])
  return links
}

/** The chains of names that lead to an install path; none for a folder that nothing links to. */
function placesOf(path: string, links: ReadonlyMap<string, string[][]>): string[][] {
  const [folder = '', ...names] = path.split(/(?:^|\/)node_modules\//)
  const starts = folder === '' ? [[]] : (links.get(folder) ?? [])
  return starts.map(start => [...start, ...names])
}

/** What happens to the `dependencies` member of one entry (or of the root). */
function nestedChanges(context: Context, parent: JsonObject, branch: Branch): MemberChanges {
  const { lock, style } = context
  if (branch.children.size === 0) return {}
  const dependencies = parent.get('dependencies')
  if (dependencies?.kind !== 'object') {
    const fresh = newChildren(context, branch)
    return fresh === undefined ? {} : { insert: new Map([['dependencies', fresh]]) }
  }
  const inside: TextEdit[] = []
  const insert = new Map<string, JsonValue>()
  const remove = new Set<string>()
  for (const [name, child] of branch.children) {
    const entry = dependencies.get(name)
    if (child.removed) remove.add(name)
    else if (entry?.kind === 'object') inside.push(...entryEdits(context, entry, child))
    else if (child.spec !== undefined) insert.set(name, newEntry(context, child, child.spec))
  }
  const left = dependencies.members.some(member => !remove.has(member.key))
  if (!left && insert.size === 0) return { remove: new Set(['dependencies']) }
  return { inside: editMembers(lock.text, dependencies, { inside, insert, remove, compare: npmKeyOrder }, style) }
}

function entryEdits(context: Context, entry: JsonObject, branch: Branch): TextEdit[] {
  const { lock, habit, style } = context
  const own = ownChanges(entry, branch, habit)
  const nested = nestedChanges(context, entry, branch)
  const merged: MemberChanges = {
    set: own.set ?? new Map(),
    inside: [...(own.inside ?? []), ...(nested.inside ?? [])],
    insert: new Map([...(own.insert ?? []), ...(nested.insert ?? [])]),
    remove: new Set([...(own.remove ?? []), ...(nested.remove ?? [])]),
    compare: npmKeyOrder,
  }
  const requires = entry.get('requires')
  const ranges = [...branch.requires].filter(([name]) => requires?.kind === 'object' && requires.member(name) !== undefined)
  if (requires?.kind !== 'object' || ranges.length === 0) return editMembers(lock.text, entry, merged, style)
  const inside = editMembers(lock.text, requires, { set: new Map(ranges) }, style)
  return editMembers(lock.text, entry, { ...merged, inside: [...(merged.inside ?? []), ...inside] }, style)
}

function ownChanges(entry: JsonObject, branch: Branch, habit: LockHabit): MemberChanges {
  if (branch.spec !== undefined) return legacyChanges(entry, legacyFields(branch.path, branch.spec, habit, entry))
  return branch.flags === undefined ? {} : flagChanges(entry, branch.flags, habit)
}

function newEntry(context: Context, branch: Branch, spec: EntrySpec): JsonValue {
  const fields = new Map(legacyFields(branch.path, spec, context.habit, undefined))
  const nested = newChildren(context, branch)
  if (nested !== undefined) fields.set('dependencies', nested)
  return inNpmOrder(recordOf(fields))
}

function newChildren(context: Context, branch: Branch): JsonValue | undefined {
  const fresh = [...branch.children].flatMap(([name, child]): [string, JsonValue][] =>
    child.spec === undefined ? [] : [[name, newEntry(context, child, child.spec)]],
  )
  return fresh.length === 0 ? undefined : inNpmOrder(recordOf(fresh))
}
