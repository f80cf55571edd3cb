/**
 * What a tool did to a project, from the two folders alone. Independent of `src/`, so that it can judge every tool the same way.
 * `npm ci` and "npm leaves the file as it is" are asked in `native.ts`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compare, satisfies, valid, validRange } from 'semver'
import { type Need, type Node, readTree, type Tree } from './lock-tree.ts'
import { type Matcher, WEIGHTS } from './osv.ts'

export interface Measures {
  readonly findingsBefore: number
  readonly findingsAfter: number
  readonly riskBefore: number
  readonly riskAfter: number
  /** Findings that the result has and the original had not. */
  readonly newFindings: readonly string[]
  /** name@version that the lock did not hold anywhere. */
  readonly newVersions: readonly string[]
  readonly entriesChanged: number
  readonly entriesAdded: number
  readonly entriesRemoved: number
  readonly diffLines: number
  /** `name line` that the lock did not hold, of packages that it held. */
  readonly breakingLines: readonly string[]
  /** Same path, same package, lower version. */
  readonly lowered: readonly string[]
  /** Versions below the lowest that the lock held of the package. */
  readonly belowLowest: readonly string[]
  /** Unchanged consumers that now get a lower version of something. */
  readonly movedDown: readonly string[]
  readonly brokenPeers: readonly string[]
  readonly brokenNeeds: readonly string[]
  /** Entries that nothing reaches from the root and that were reached before, or did not exist. */
  readonly orphans: readonly string[]
  readonly bundledTouched: readonly string[]
  readonly manifestChanged: boolean
}

export interface MeasureOptions {
  /** Peers and needs of name@version where the lock does not tell (version 1). */
  readonly needs?: (name: string, version: string) => readonly Need[] | undefined
}

/** The major, for 0.x the minor, for 0.0.x the patch. */
export function lineOf(version: string): string {
  const [, major = '', minor = '', patch = ''] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
  if (major !== '0') return major
  return minor !== '0' ? `0.${minor}` : `0.0.${patch}`
}

const installed = (tree: Tree): Node[] => [...tree.nodes.values()].filter(node => node.origin !== 'root' && node.origin !== 'workspace')
const idOf = (node: Node): string => `${node.name}@${node.version}`
const lower = (a: string, b: string): boolean => valid(a) !== null && valid(b) !== null && compare(a, b) < 0

/** finding id → weight, over distinct name@version. */
export function findingsOf(tree: Tree, matcher: Matcher): Map<string, number> {
  const findings = new Map<string, number>()
  for (const node of installed(tree)) {
    for (const match of matcher(node.name, node.version)) findings.set(`${idOf(node)}:${match.group}`, WEIGHTS[match.severity])
  }
  return findings
}

const needsFor = (node: Node, options: MeasureOptions): readonly Need[] =>
  node.origin === 'registry' || node.origin === 'bundled' ? (options.needs?.(node.name, node.version) ?? node.needs) : node.needs

function isMet(node: Node | undefined, need: Need): boolean {
  if (node === undefined) return need.kind === 'optional' || need.kind === 'peer-optional'
  const alias = /^npm:(?:@?[^@]+)@?(.*)$/.exec(need.range)
  const range = alias === null ? need.range : (alias[1] ?? '')
  // Addresses and tags cannot be judged here; the lock chose something for them.
  if (validRange(range, { loose: true }) === null) return true
  if (node.origin !== 'registry' && node.origin !== 'bundled') return true
  return satisfies(node.version, range, { loose: true })
}

const isPeer = (need: Need): boolean => need.kind === 'peer' || need.kind === 'peer-optional'

/** `consumer path → name` of every need that the tree does not meet. */
function broken(tree: Tree, options: MeasureOptions, peers: boolean): Map<string, string> {
  const found = new Map<string, string>()
  const overridden = JSON.stringify(tree.root.overrides ?? {})
  for (const node of tree.nodes.values()) {
    for (const need of needsFor(node, options)) {
      if (isPeer(need) !== peers || overridden.includes(`"${need.name}`)) continue
      const target = tree.resolve(node.path, need.name, isPeer(need))
      if (!isMet(target, need))
        found.set(
          `${node.path} > ${need.name}`,
          `${node.path} (${node.version}) needs ${need.name} ${need.range}, has ${target?.version ?? 'none'}`,
        )
    }
  }
  return found
}

/** Every path that a walk over the needs from the root and the workspaces reaches. */
function reached(tree: Tree, options: MeasureOptions): Set<string> {
  const seen = new Set<string>()
  const queue = [...tree.nodes.values()].filter(node => node.origin === 'root' || node.origin === 'workspace')
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (seen.has(node.path)) continue
    seen.add(node.path)
    for (const need of needsFor(node, options)) {
      const target = tree.resolve(node.path, need.name, isPeer(need))
      if (target !== undefined && !seen.has(target.path)) queue.push(target)
    }
  }
  return seen
}

function consumersMovedDown(before: Tree, after: Tree, options: MeasureOptions): string[] {
  const moved: string[] = []
  for (const old of before.nodes.values()) {
    const now = after.nodes.get(old.path)
    if (now === undefined || idOf(now) !== idOf(old)) continue
    for (const need of needsFor(old, options)) {
      const had = before.resolve(old.path, need.name, isPeer(need))
      const has = after.resolve(old.path, need.name, isPeer(need))
      if (had !== undefined && has !== undefined && had.name === has.name && lower(has.version, had.version)) {
        moved.push(`${old.path === '' ? 'the project' : old.path} > ${need.name} ${had.version} → ${has.version}`)
      }
    }
  }
  return moved
}

/** Lines removed plus lines added, as git counts them. */
export function diffLines(before: string, after: string): number {
  if (before === after) return 0
  const folder = mkdtempSync(join(tmpdir(), 'suture-diff-'))
  try {
    writeFileSync(join(folder, 'a'), before)
    writeFileSync(join(folder, 'b'), after)
    const { stdout } = spawnSync('git', ['diff', '--no-index', '--numstat', '--', 'a', 'b'], { cwd: folder, encoding: 'utf8' })
    const [added = '0', removed = '0'] = stdout.split('\t')
    return Number(added) + Number(removed)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function measure(beforeFolder: string, afterFolder: string, matcher: Matcher, options: MeasureOptions = {}): Measures {
  return measureTrees(readTree(beforeFolder), readTree(afterFolder), matcher, options)
}

export function measureTrees(before: Tree, after: Tree, matcher: Matcher, options: MeasureOptions = {}): Measures {
  const total = (findings: Map<string, number>): number => [...findings.values()].reduce((sum, weight) => sum + weight, 0)
  const [findingsBefore, findingsAfter] = [findingsOf(before, matcher), findingsOf(after, matcher)]
  const had = new Set(installed(before).map(idOf))
  const newNodes = [...new Map(installed(after).map(node => [idOf(node), node])).values()].filter(node => !had.has(idOf(node)))
  const lines = new Set(installed(before).map(node => `${node.name} ${lineOf(node.version)}`))
  const lowest = new Map<string, string>()
  for (const node of installed(before)) if (!lower(lowest.get(node.name) ?? node.version, node.version)) lowest.set(node.name, node.version)
  const both = [...after.nodes.values()].flatMap(node => {
    const old = before.nodes.get(node.path)
    return old === undefined || node.path === '' ? [] : [{ old, node }]
  })
  const newlyBroken = (peers: boolean): string[] => {
    const known = broken(before, options, peers)
    return [...broken(after, options, peers)].flatMap(([key, says]) => (known.has(key) ? [] : [says]))
  }
  const [reachedBefore, reachedAfter] = [reached(before, options), reached(after, options)]
  const bundled = [...before.nodes.values()].filter(node => node.origin === 'bundled')
  return {
    findingsBefore: findingsBefore.size,
    findingsAfter: findingsAfter.size,
    riskBefore: total(findingsBefore),
    riskAfter: total(findingsAfter),
    newFindings: [...findingsAfter.keys()].filter(id => !findingsBefore.has(id)),
    newVersions: newNodes.map(idOf).sort(),
    entriesChanged: both.filter(({ old, node }) => idOf(old) !== idOf(node)).length,
    entriesAdded: [...after.nodes.keys()].filter(path => !before.nodes.has(path)).length,
    entriesRemoved: [...before.nodes.keys()].filter(path => !after.nodes.has(path)).length,
    diffLines: diffLines(before.lockText, after.lockText),
    breakingLines: [...new Set(newNodes.filter(node => lowest.has(node.name)).map(node => `${node.name} ${lineOf(node.version)}`))]
      .filter(line => !lines.has(line))
      .sort(),
    lowered: both
      .filter(({ old, node }) => old.name === node.name && lower(node.version, old.version))
      .map(({ old, node }) => `${node.path} ${old.version} → ${node.version}`),
    belowLowest: newNodes.filter(node => lower(node.version, lowest.get(node.name) ?? node.version)).map(idOf),
    movedDown: consumersMovedDown(before, after, options),
    brokenPeers: newlyBroken(true),
    brokenNeeds: newlyBroken(false),
    orphans: [...after.nodes.keys()].filter(path => !reachedAfter.has(path) && (reachedBefore.has(path) || !before.nodes.has(path))),
    bundledTouched: bundled
      .filter(node => {
        const now = after.nodes.get(node.path)
        return now !== undefined && now.origin === 'bundled' && idOf(now) !== idOf(node)
      })
      .map(idOf),
    manifestChanged: JSON.stringify(before.root) !== JSON.stringify(after.root),
  }
}
