/** What a bill of materials is made from, whatever its format: components in order, who needs whom, and what is inside what. */
import type { BlobDigest } from '../model/image.ts'
import type { Component, Inventory } from '../model/inventory.ts'
import { byText, type ReportedImage, type ReportOrigin } from './reported-image.ts'

export interface BillInput extends ReportOrigin {
  readonly image: ReportedImage
  /** Which distribution it is, as its os-release says: scanners choose their advisories by it. */
  readonly system: { readonly id: string; readonly version?: string; readonly name: string }
  readonly inventory: Pick<Inventory, 'components' | 'dependencies'>
  /** Digests of the layers' uncompressed content, from the bottom: what a component's `layer` is an index of. */
  readonly layers: readonly BlobDigest[]
}

export interface Graph {
  /** Sorted by location. */
  readonly components: readonly Component[]
  /** By location: the locations that serve its needs, sorted. What is named and not there is left out. */
  readonly needs: ReadonlyMap<string, readonly string[]>
  /** By location: the locations of what its files hold of other ecosystems, sorted. */
  readonly bundled: ReadonlyMap<string, readonly string[]>
  /** Locations from which all others can be reached, sorted: what nothing else needs, and one of each circle that nothing leads to. */
  readonly tops: readonly string[]
}

export function graphOf({ components, dependencies }: BillInput['inventory']): Graph {
  const sorted = components.toSorted((a, b) => byText(a.location, b.location))
  const locations = sorted.map(({ location }) => location)
  const isThere = new Set(locations)
  const edges = (pairs: Iterable<readonly [from: string, to: string]>): ReadonlyMap<string, readonly string[]> => {
    const found = new Map<string, Set<string>>()
    for (const [from, to] of pairs) {
      if (from === to || !isThere.has(from) || !isThere.has(to)) continue
      const known = found.get(from)
      if (known === undefined) found.set(from, new Set([to]))
      else known.add(to)
    }
    return new Map([...found].map(([from, to]) => [from, [...to].sort(byText)]))
  }
  const needs = edges(dependencies.flatMap(({ from, to }) => (to === undefined ? [] : [[from, to] as const])))
  const bundled = edges(sorted.flatMap(({ location, bundledBy }) => (bundledBy === undefined ? [] : [[bundledBy, location] as const])))
  return { components: sorted, needs, bundled, tops: topsOf(locations, [needs, bundled]) }
}

function topsOf(locations: readonly string[], edges: readonly ReadonlyMap<string, readonly string[]>[]): readonly string[] {
  const below = (location: string) => edges.flatMap(targets => targets.get(location) ?? [])
  const needed = new Set(locations.flatMap(below))
  const reached = new Set<string>()
  const tops: string[] = []
  const start = (location: string): void => {
    if (reached.has(location)) return
    tops.push(location)
    const waiting = [location]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (reached.has(next)) continue
      reached.add(next)
      waiting.push(...below(next))
    }
  }
  for (const location of locations) if (!needed.has(location)) start(location)
  for (const location of locations) start(location)
  return tops.sort(byText)
}
