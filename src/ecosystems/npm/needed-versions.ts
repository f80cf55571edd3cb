/**
 * A plan keeps versions of the lock that nothing in it needs any more, since keeping costs nothing. While versions are placed they
 * would hold the best places, and what is needed would stand below its consumers in many copies. So the chosen versions are reduced
 * to those that somebody can need: from the project along every need, to all chosen versions in its range; peers only where nothing
 * else brings a version that suits them.
 */

import { isPeer } from './build-tree.ts'
import { needsBeyond } from './bundles.ts'
import { consumerKey } from './locked-facts.ts'
import { revise } from './manifest-edits.ts'
import { newNode } from './new-node.ts'
import type { PlaceInput } from './place.ts'
import { inRange, parseSpec } from './ranges.ts'
import type { Need, TreeNode } from './tree.ts'

interface Consumer {
  readonly key: string
  readonly needs: readonly Need[]
}

export function neededVersions(input: PlaceInput): ReadonlyMap<string, readonly string[]> {
  const needed = new Walk(input).run()
  return new Map([...input.chosen].map(([name, versions]) => [name, versions.filter(version => needed.has(`${name}@${version}`))]))
}

class Walk {
  readonly #input: PlaceInput
  readonly #needed = new Set<string>()
  readonly #queue: Consumer[]
  readonly #peers: Consumer[] = []

  constructor(input: PlaceInput) {
    this.#input = input
    this.#queue = input.locked.fixed.map(node => ({ key: consumerKey(node), needs: this.#needsAt(node) }))
  }

  run(): ReadonlySet<string> {
    for (;;) {
      for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) this.#follow(next)
      for (const consumer of this.#peers.splice(0)) {
        for (const need of consumer.needs) {
          const suitable = this.#suitable(consumer, need)
          if (!suitable.some(key => this.#needed.has(key))) for (const key of suitable) this.#add(key)
        }
      }
      if (this.#queue.length === 0) return this.#needed
    }
  }

  #follow(consumer: Consumer) {
    const peers = consumer.needs.filter(isPeer)
    if (peers.length > 0) this.#peers.push({ ...consumer, needs: peers })
    for (const need of consumer.needs) if (!isPeer(need)) for (const key of this.#suitable(consumer, need)) this.#add(key)
  }

  /** `name@version`s that may serve a need; where nothing is in range, whatever there is, as the lock may have it so. */
  #suitable({ key }: Consumer, need: Need): readonly string[] {
    const spec = parseSpec(need.name, need.range)
    if (spec.kind === 'immovable') return []
    const { chosen, takes, locked } = this.#input
    const taken = takes.get(key)?.get(spec.name)
    const available = chosen.get(spec.name) ?? locked.versions.get(spec.name) ?? []
    const within = available.filter(version =>
      taken === undefined ? spec.kind === 'tag' || inRange(version, spec.range) : version === taken,
    )
    return (within.length === 0 ? available : within).map(version => `${spec.name}@${version}`)
  }

  #add(key: string) {
    if (this.#needed.has(key)) return
    this.#needed.add(key)
    this.#queue.push({ key, needs: this.#needsOf(key) })
  }

  #needsOf(key: string): readonly Need[] {
    const { locked, bundleOf } = this.#input
    const nodes = locked.units.get(key)?.nodes
    if (nodes !== undefined) return nodes.flatMap(node => this.#needsAt(node))
    const at = key.lastIndexOf('@')
    const [name, version] = [key.slice(0, at), key.slice(at + 1)]
    const node = newNode(this.#input, '', { name, declared: version, range: version, kind: 'runtime' }, version)
    return [...(node?.needs ?? []), ...needsBeyond(bundleOf(name, version) ?? [])]
  }

  #needsAt(node: TreeNode): readonly Need[] {
    const { locked, revisions } = this.#input
    return [node, ...(locked.bundles.get(node.location) ?? [])].flatMap(inside => revise(inside, revisions).needs)
  }
}
