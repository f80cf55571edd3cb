/** Why a finding stays: which declared range, of which package, on which path, and what its owner would have to release. */
import type { AdvisoryMatch } from '../../model/advisory.ts'
import type { VersionFacts } from '../../model/catalogue.ts'
import type { Finding } from '../../model/finding.ts'
import type { Blocker } from '../../model/plan.ts'
import { declaredByFacts } from './build-tree.ts'
import type { Held } from './held-below.ts'
import { pathTo, shortestWays } from './inventory.ts'
import type { Locked } from './locked.ts'
import { compareVersions, inRange, parseSpec } from './ranges.ts'
import type { Need, TreeNode } from './tree.ts'

export interface BlockerInput {
  readonly locked: Locked
  /** Versions that could be taken, ascending, locked ones included. */
  readonly admissible: (name: string) => readonly string[]
  readonly factsOf: (name: string, version: string) => VersionFacts | undefined
  readonly match: (name: string, version: string) => readonly AdvisoryMatch[]
  /** Whether --manifest could raise a range of the project's. */
  readonly isRaisable: (location: string, need: Need) => boolean
  /** What keeps a version out although everyone would accept it. */
  readonly heldBelow: (name: string, version: string) => Held | undefined
}

const MAX_BLOCKERS = 12

/** Answers for one finding after another about the same lock. */
export function blockerFinder(
  input: BlockerInput,
): (finding: Finding) => { readonly hasFix: boolean; readonly blockers: readonly Blocker[] } {
  const ways = shortestWays(input.locked.tree)
  const consumers = consumersOf(input.locked)
  const chain = (location: string) => pathTo(input.locked.tree, ways, location)

  return finding => {
    const clean = input
      .admissible(finding.name)
      .filter(version => compareVersions(version, finding.version) > 0 && !isAffected(input, finding.name, version, finding.group))
    const found = new Map<string, Blocker>()
    const freeOf = (name: string, versions: readonly string[]) => versions.filter(version => input.heldBelow(name, version) === undefined)
    const addHeld = (node: TreeNode, versions: readonly string[], path: readonly string[]) => {
      const version = versions.at(-1) ?? ''
      const held = input.heldBelow(node.packageName, version)
      if (held !== undefined) found.set(`${held.owner}\n${held.name}`, heldBlocker(node, version, held, path))
    }
    const visited = new Map<string, number>()
    const visit = (node: TreeNode, allowed: readonly string[], depth: number) => {
      // On another way to the same question only a shorter one can tell more.
      const question = `${node.location}\n${allowed.join()}`
      if ((visited.get(question) ?? Number.POSITIVE_INFINITY) <= depth) return
      visited.set(question, depth)
      for (const { from, need } of consumers(node.location)) {
        if (found.size >= MAX_BLOCKERS || accepts(need, node.packageName, allowed)) continue
        const better = depth > 8 || from.origin !== 'registry' ? [] : betterVersions(input, from, need.name, node.packageName, allowed)
        const free = freeOf(from.packageName, better)
        const welcome = better.filter(version => consumers(from.location).every(next => accepts(next.need, from.packageName, [version])))
        if (!welcome.some(version => free.includes(version))) addHeld(from, welcome, chain(node.location))
        if (better.length > 0) visit(from, free.length > 0 ? free : better, depth + 1)
        else if (!found.has(`${from.location}\n${need.name}`))
          found.set(`${from.location}\n${need.name}`, blocker(input, from, node, need, allowed, chain(node.location)))
      }
    }
    for (const location of finding.locations) {
      const node = input.locked.tree.get(location)
      if (node === undefined) continue
      if (node.bundledBy !== undefined) found.set(node.bundledBy, bundledBlocker(input.locked, node, chain(location)))
      else if (clean.length > 0) {
        const free = freeOf(node.packageName, clean)
        if (free.length === 0) addHeld(node, clean, chain(location))
        else visit(node, free, 0)
      }
    }
    return { hasFix: clean.length > 0, blockers: [...found.values()] }
  }
}

function isAffected(input: BlockerInput, name: string, version: string, group: string): boolean {
  return input.match(name, version).some(match => match.group === group)
}

function accepts(need: Need, name: string, versions: readonly string[]): boolean {
  const spec = parseSpec(need.name, need.range)
  if (spec.kind === 'tag') return true
  return spec.kind === 'registry' && spec.name === name && versions.some(version => inRange(version, spec.range))
}

/** Versions of a consumer that would let the versions in question in, or do without the package. */
function betterVersions(
  input: BlockerInput,
  consumer: TreeNode,
  needName: string,
  name: string,
  versions: readonly string[],
): readonly string[] {
  return input.admissible(consumer.packageName).filter(version => {
    const facts = compareVersions(version, consumer.version) > 0 ? input.factsOf(consumer.packageName, version) : undefined
    if (facts === undefined) return false
    const need = declaredByFacts(facts).find(other => other.name === needName)
    return need === undefined || accepts({ ...need, declared: need.range }, name, versions)
  })
}

function blocker(
  input: BlockerInput,
  from: TreeNode,
  node: TreeNode,
  need: Need,
  allowed: readonly string[],
  path: readonly string[],
): Blocker {
  const isProject = from.origin === 'root' || from.origin === 'workspace'
  const owner = isProject ? 'the project' : `${from.packageName}@${from.version}`
  const least = allowed[0] ?? ''
  const remedy = isProject
    ? `Raise ${need.name} to ${least} or newer in ${from.location === '' ? '' : `${from.location}/`}package.json${input.isRaisable(from.location, need) ? ' (suture fix --manifest)' : ''}.`
    : `${from.packageName} would have to release a version that accepts ${node.packageName} ${least} or newer.`
  return { owner, ownerLocation: from.location, declares: need.name, range: need.range, path, remedy }
}

/** `node` would have to become `version`, which brings something that may not enter. */
function heldBlocker(node: TreeNode, version: string, held: Held, path: readonly string[]): Blocker {
  const mover = `${node.packageName}@${version}`
  const brings = held.owner === mover ? `${mover} would do, but it` : `${mover} would do, but it brings ${held.owner}, which`
  return {
    owner: held.owner,
    ownerLocation: node.location,
    declares: held.name,
    range: held.range,
    path,
    remedy: `${brings} needs ${held.name} ${held.range}, and ${held.because}.`,
  }
}

function bundledBlocker(locked: Locked, node: TreeNode, path: readonly string[]): Blocker {
  const around = locked.tree.get(node.bundledBy ?? '')
  const owner = around === undefined ? 'its bundler' : `${around.packageName}@${around.version}`
  return {
    owner,
    ownerLocation: node.bundledBy ?? '',
    declares: node.packageName,
    range: node.version,
    brings: true,
    path,
    remedy: `${node.packageName} travels inside the archive of ${owner}, so only another release of that package can change it.`,
  }
}

function consumersOf(locked: Locked): (location: string) => readonly { readonly from: TreeNode; readonly need: Need }[] {
  const consumers = new Map<string, { from: TreeNode; need: Need }[]>()
  for (const [location, needs] of locked.needs) {
    const from = locked.tree.get(location)
    for (const { need, to } of needs) {
      if (from === undefined || to === undefined) continue
      const list = consumers.get(to.location)
      if (list === undefined) consumers.set(to.location, [{ from, need }])
      else list.push({ from, need })
    }
  }
  return location => consumers.get(location) ?? []
}
