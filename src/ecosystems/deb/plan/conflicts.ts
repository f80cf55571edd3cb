/**
 * What is never present together: versions of one package, what Breaks or Conflicts excludes, packages of one name for several
 * architectures unless both are `Multi-Arch: same` at the same version. What stands side by side today in spite of it may go on to.
 */
import type { World } from '../../../model/world.ts'
import type { WorldDraft } from './build-world.ts'
import { pairKey } from './image.ts'

export function conflictsOf(draft: Pick<WorldDraft, 'units' | 'items' | 'ofPackage' | 'index' | 'input'>): World['conflicts'] {
  const { units, items, ofPackage, index, input } = draft
  const { native, clashing } = input.image
  const pairs = new Map<string, readonly [number, number]>()
  const add = (one: number, other: number) => {
    const [low, high] = one < other ? [one, other] : [other, one]
    if (low !== high && !(units[low]?.locked && units[high]?.locked)) pairs.set(`${low} ${high}`, [low, high])
  }
  for (const ids of ofPackage.values()) {
    ids.forEach((one, at) => {
      for (const other of ids.slice(at + 1)) add(one, other)
    })
  }
  items.forEach((item, id) => {
    if (item === undefined) return
    const own = units[id]?.package ?? ''
    for (const { held } of index.excludedBy(item, native)) {
      const other = units[held]?.package ?? ''
      if (other !== own && !clashing.has(pairKey(own, other))) add(id, held)
    }
  })
  for (const ids of byName(items).values()) {
    ids.forEach((one, at) => {
      for (const other of ids.slice(at + 1)) if (standApart(one, other)) add(one, other)
    })
  }
  return [...pairs.values()]

  function standApart(one: number, other: number): boolean {
    const [a, b] = [items[one], items[other]]
    const [own, beside] = [units[one]?.package ?? '', units[other]?.package ?? '']
    if (a === undefined || b === undefined || own === beside) return false
    const [here, there] = [input.image.slots.get(own), input.image.slots.get(beside)]
    if (here !== undefined && there !== undefined && (here.multiArch !== 'same' || here.version !== there.version)) return false
    return a.multiArch !== 'same' || b.multiArch !== 'same' || a.version !== b.version
  }
}

function byName(items: WorldDraft['items']): ReadonlyMap<string, number[]> {
  const groups = new Map<string, number[]>()
  items.forEach((item, id) => {
    if (item === undefined) return
    const group = groups.get(item.name)
    if (group === undefined) groups.set(item.name, [id])
    else group.push(id)
  })
  return groups
}
