/** What it takes to remove one finding alone, whatever else stays open: breaking lines first, then new versions. */

import type { World } from '../model/world.ts'
import { CoreGuided, type Soft } from './core-guided.ts'
import type { Encoded } from './encode.ts'
import { newSofts } from './optimise.ts'

export interface AlonePrice {
  readonly manifestEdits: number
  readonly breakingLines: number
  readonly newVersions: number
}

/** Prices by finding id; undefined where no plan in this world removes it. */
export function prices(world: World, encoded: Encoded, asked: (finding: string) => boolean): ReadonlyMap<string, AlonePrice | undefined> {
  const news = newSofts(world, encoded)
  const lines = [...encoded.lines.values()].map((literal): Soft => [literal, 1])
  const edits = [...encoded.edits.values()].map((literal): Soft => [literal, 1])
  const found = new Map<string, AlonePrice | undefined>()
  const known = new Map<string, AlonePrice | undefined>()
  for (const risk of world.risks) {
    if (!risk.present || !asked(risk.finding)) continue
    const banned = bannedFor(world, encoded, risk)
    const key = banned.join()
    if (!known.has(key)) known.set(key, price(encoded, banned, [edits, lines, news]))
    found.set(risk.finding, known.get(key))
  }
  return found
}

/** The finding's own units, and every unit of the same package that the same flaw affects. */
function bannedFor(world: World, encoded: Encoded, risk: World['risks'][number]): number[] {
  const packages = new Set(risk.units.map(id => world.units[id]?.package))
  const banned = new Set(risk.units)
  for (const other of world.risks) {
    if (other.group !== risk.group) continue
    for (const id of other.units) {
      const unit = world.units[id]
      if (unit !== undefined && !unit.locked && packages.has(unit.package)) banned.add(id)
    }
  }
  return [...banned]
    .map(id => encoded.unit[id] ?? 0)
    .filter(literal => literal !== 0)
    .sort((a, b) => a - b)
}

function price(encoded: Encoded, banned: readonly number[], levels: readonly (readonly Soft[])[]): AlonePrice | undefined {
  const given = banned.map(literal => -literal)
  const optima: number[] = []
  for (const softs of levels) {
    const minimiser = new CoreGuided(encoded.sat, softs)
    if (!minimiser.minimise(given)) return undefined
    optima.push(minimiser.bound)
    given.push(...minimiser.remaining())
  }
  const [manifestEdits = 0, breakingLines = 0, newVersions = 0] = optima
  return { manifestEdits, breakingLines, newVersions }
}
