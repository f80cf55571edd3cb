/**
 * `dev`, `optional`, `devOptional`, `peer` of every node. All flags start set; walking from the root, a dependency loses a flag
 * when it is reached by a path that does not carry it, until nothing changes. A node keeps `devOptional` only when it is reached
 * both by dev and by optional paths, but never without either. Source: npm's lockfile documentation, "packages".
 */
import type { Need, Tree } from './tree.ts'
import { parentLocation, resolve } from './tree.ts'

export interface Flags {
  readonly dev: boolean
  readonly optional: boolean
  readonly devOptional: boolean
  readonly peer: boolean
  /** Nothing needs it. */
  readonly extraneous: boolean
}

const DEV = 1
const OPTIONAL = 2
const DEV_OPTIONAL = 4
const PEER = 8
const EXTRANEOUS = 16
const ALL = DEV | OPTIONAL | DEV_OPTIONAL | PEER | EXTRANEOUS

export interface FlagOptions {
  /** npm with `legacy-peer-deps`, and npm before 7, follow no peer. */
  readonly ignorePeers?: boolean
}

export function dependencyFlags(tree: Tree, { ignorePeers = false }: FlagOptions = {}): ReadonlyMap<string, Flags> {
  const bits = new Map<string, number>()
  for (const location of tree.keys()) bits.set(location, ALL)
  bits.set('', 0)
  const queue = ['']
  const lose = (location: string, lost: number) => {
    const now = bits.get(location) ?? 0
    if ((now & lost) === 0) return
    bits.set(location, now & ~lost)
    queue.push(location)
  }
  const seen = new Set<string>()
  for (let location = queue.pop(); location !== undefined; location = queue.pop()) {
    seen.add(location)
    const node = tree.get(location)
    if (node === undefined) continue
    const own = bits.get(location) ?? 0
    // What stands inside another keeps it in place, even where nothing else does.
    if ((own & EXTRANEOUS) === 0) {
      for (let at = parentLocation(location); at !== undefined; at = parentLocation(at)) {
        const around = bits.get(at)
        if (around !== undefined) bits.set(at, around & ~EXTRANEOUS)
      }
    }
    if (node.link !== undefined) {
      lose(node.link, ALL & ~own)
      if (!seen.has(node.link) && tree.has(node.link)) queue.push(node.link)
      continue
    }
    for (const need of node.needs) {
      if (ignorePeers && (need.kind === 'peer' || need.kind === 'peer-optional')) continue
      const to = resolve(tree, location, need.name)
      if (to !== undefined) lose(to, lostThrough(own, need))
    }
  }
  return new Map([...bits].map(([location, own]) => [location, toFlags(own)]))
}

function lostThrough(own: number, need: Need): number {
  const dev = need.kind === 'dev'
  const optional = need.kind === 'optional' || need.kind === 'peer-optional'
  const peer = need.kind === 'peer' || need.kind === 'peer-optional'
  let lost = 0
  if ((own & EXTRANEOUS) === 0 && need.kind !== 'peer-optional') lost |= EXTRANEOUS
  if ((own & DEV) === 0 && !dev) lost |= DEV
  if ((own & OPTIONAL) === 0 && !optional) lost |= OPTIONAL
  if ((own & (DEV | OPTIONAL | DEV_OPTIONAL)) === 0 && !dev && !optional) lost |= DEV_OPTIONAL
  if ((own & PEER) === 0 && !peer) lost |= PEER
  return lost
}

function toFlags(own: number): Flags {
  const dev = (own & DEV) !== 0
  const optional = (own & OPTIONAL) !== 0
  return {
    dev,
    optional,
    devOptional: (own & DEV_OPTIONAL) !== 0 && !dev && !optional,
    peer: (own & PEER) !== 0,
    extraneous: (own & EXTRANEOUS) !== 0,
  }
}
