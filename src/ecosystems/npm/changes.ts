/** The difference of two trees as changes for people: what moves, why, and what each change removes. */

import type { Finding } from '../../model/finding.ts'
import type { Change } from '../../model/plan.ts'
import type { Locked } from './locked.ts'
import { readLocked } from './locked.ts'
import type { TreeDifference } from './patch.ts'
import { breakingLine, compareVersions } from './ranges.ts'
import { resolve, type Tree, type TreeNode } from './tree.ts'

export interface ChangesInput {
  readonly locked: Locked
  readonly after: Tree
  readonly difference: TreeDifference
  /** Findings that were there and are gone. */
  readonly fixed: readonly Finding[]
  /** Versions younger than the cool-down, `name@version` → when published. */
  readonly young: ReadonlyMap<string, string | undefined>
  readonly coolDownDays: number
}

export function changesOf(input: ChangesInput): readonly Change[] {
  const groups = new Map<string, { name: string; from: string | undefined; to: string | undefined; locations: string[] }>()
  const add = (location: string, before: TreeNode | undefined, after: TreeNode | undefined) => {
    const moved = before !== undefined && after !== undefined && before.packageName === after.packageName
    for (const [from, to] of moved
      ? [[before, after]]
      : [
          [before, undefined],
          [undefined, after],
        ]) {
      const name = (to ?? from)?.packageName
      if (name === undefined) continue
      const key = [name, from?.version, to?.version].join('\n')
      const group = groups.get(key) ?? { name, from: from?.version, to: to?.version, locations: [] }
      groups.set(key, group)
      group.locations.push(location)
    }
  }
  for (const location of input.difference.set) add(location, input.locked.tree.get(location), input.after.get(location))
  for (const location of input.difference.removed) add(location, input.locked.tree.get(location), undefined)
  const scripts = scriptsBefore(input.locked)
  const needers = neededBy(input.after)
  return [...groups.values()]
    .map(group => toChange(group, input, scripts, needers))
    .sort(
      (a, b) =>
        ORDER.indexOf(a.why) - ORDER.indexOf(b.why) ||
        (a.name < b.name ? -1 : a.name > b.name ? 1 : compareVersions(a.to ?? '', b.to ?? '')),
    )
}

const ORDER: readonly Change['why'][] = ['fix', 'need', 'reuse', 'orphan']

function toChange(
  group: { name: string; from: string | undefined; to: string | undefined; locations: string[] },
  input: ChangesInput,
  scripts: ReadonlySet<string>,
  needers: (location: string) => readonly TreeNode[],
): Change {
  const { name, from, to, locations } = group
  const { locked, after } = input
  const fixes = from === undefined ? [] : input.fixed.filter(finding => finding.name === name && finding.version === from)
  const isNew = to !== undefined && !locked.units.has(`${name}@${to}`)
  const lines = locked.lines.get(name)
  const node = after.get(locations[0] ?? '')
  const why = to === undefined ? 'orphan' : fixes.length > 0 ? 'fix' : isNew ? 'need' : 'reuse'
  const published = to === undefined ? undefined : input.young.get(`${name}@${to}`)
  return {
    name,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    locations: locations.sort(),
    why,
    because: because(why, fixes, needers(locations[0] ?? ''), to),
    fixes: fixes.map(({ id }) => id),
    breaking: to !== undefined && lines !== undefined && !lines.has(breakingLine(to)),
    installScript: node?.hasInstallScript === true && !scripts.has(name),
    ...(to !== undefined && input.young.has(`${name}@${to}`)
      ? { coolDownException: { published: published ?? 'unknown', days: input.coolDownDays } }
      : {}),
  }
}

function because(why: Change['why'], fixes: readonly Finding[], needers: readonly TreeNode[], to: string | undefined): string {
  const removes = fixes.length === 0 ? '' : `removes ${list(fixes.map(({ ids, group }) => ids.find(id => id.startsWith('CVE-')) ?? group))}`
  const asked = [...new Set(needers.map(node => `${node.location === '' ? 'the project' : `${node.packageName} ${node.version}`}`))].slice(
    0,
    3,
  )
  switch (why) {
    case 'fix':
      return removes
    case 'need':
      return asked.length === 0 ? 'comes with the change' : `needed by ${list(asked)}`
    case 'reuse':
      return `${to ?? 'it'} is already in the lock and serves ${asked.length === 0 ? 'here' : list(asked)} too`
    case 'orphan':
      return removes === '' ? 'nothing needs it here any more' : `${removes}: nothing needs it any more`
  }
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function scriptsBefore(locked: Locked): ReadonlySet<string> {
  return new Set(
    [...locked.units.values()].filter(({ nodes }) => nodes.some(node => node.hasInstallScript)).map(({ package: name }) => name),
  )
}

/** Who is served by a location. */
function neededBy(tree: Tree): (location: string) => readonly TreeNode[] {
  const needers = new Map<string, TreeNode[]>()
  for (const node of tree.values()) {
    for (const { name } of node.needs) {
      const at = resolve(tree, node.location, name)
      if (at !== undefined) needers.set(at, [...(needers.get(at) ?? []), node])
    }
  }
  return location => needers.get(location) ?? []
}

/** Changes that hang together: what moves, what it brings, and what it lets go. Each batch of locations is applied or left as one. */
export function batchesOf(before: Tree, after: Tree, difference: TreeDifference): readonly (readonly string[])[] {
  const moved = [...difference.set, ...difference.removed]
  const leader = new Map<string, string>(moved.map(location => [location, location]))
  const find = (location: string): string => {
    let at = location
    for (let up = leader.get(at); up !== undefined && up !== at; up = leader.get(at)) at = up
    return at
  }
  const join = (a: string, b: string) => {
    if (leader.has(a) && leader.has(b)) leader.set(find(a), find(b))
  }
  for (const tree of [before, after]) {
    for (const node of tree.values()) {
      for (const { name } of node.needs) {
        const at = resolve(tree, node.location, name)
        if (at !== undefined && (leader.has(node.location) || before.get(node.location) === undefined)) join(node.location, at)
      }
    }
  }
  // The same step of the same package is one change, wherever it stands.
  const steps = new Map<string, string>()
  for (const location of moved) {
    const [from, to] = [before.get(location), after.get(location)]
    const step = `${from?.packageName}@${from?.version} ${to?.packageName}@${to?.version}`
    const first = steps.get(step)
    if (first === undefined) steps.set(step, location)
    else join(first, location)
  }
  const batches = new Map<string, string[]>()
  for (const location of moved) batches.set(find(location), [...(batches.get(find(location)) ?? []), location])
  return [...batches.values()].map(batch => batch.sort()).sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))
}

/** The tree with only some locations changed. */
export function withOnly(before: Tree, after: Tree, locations: Iterable<string>): Tree {
  const tree = new Map(before)
  for (const location of locations) {
    const node = after.get(location)
    if (node === undefined) tree.delete(location)
    else tree.set(location, node)
  }
  return tree
}

/** name@versions of registry packages in a tree that another does not hold. */
export function newVersionsOf(before: Locked, after: Tree): readonly string[] {
  return [...readLocked(after).units.keys()].filter(key => !before.units.has(key)).sort()
}
