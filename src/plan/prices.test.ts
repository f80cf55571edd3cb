import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Risk, World } from '../model/world.ts'
import { encode } from './encode.ts'
import { prices } from './prices.ts'
import { reduce } from './reduce.ts'
import { openSat } from './sat.ts'
import { compareCosts, everyPlan, smallWorlds } from './testing/random-world.ts'

/** Neither the finding's own versions nor another new version of the package with the same flaw. */
function removes(world: World, risk: Risk, present: ReadonlySet<number>): boolean {
  const packages = new Set(risk.units.map(id => world.units[id]?.package))
  const alike = world.risks.filter(({ group }) => group === risk.group).flatMap(({ units }) => units)
  return [...present].every(id => {
    const unit = world.units[id]
    return !risk.units.includes(id) && (unit?.locked === true || !packages.has(unit?.package) || !alike.includes(id))
  })
}

test('the price of a finding is the least that trying every set of versions finds', async () => {
  await fc.assert(
    fc.asyncProperty(smallWorlds(), async world => {
      const sat = await openSat()
      const found = prices(world, encode(world, reduce(world), sat, { manifest: false }), () => true)
      sat.dispose()
      const plans = [...everyPlan(world)]
      for (const risk of world.risks.filter(({ present }) => present)) {
        const costs = plans.filter(({ present }) => removes(world, risk, present)).map(plan => [plan.costs[4] ?? 0, plan.costs[5] ?? 0])
        const [best] = costs.sort(compareCosts)
        const price = found.get(risk.finding)
        assert.deepEqual(price && [price.breakingLines, price.newVersions], best)
      }
    }),
    { numRuns: 120 },
  )
})

test('only what is asked about is priced', async () => {
  await fc.assert(
    fc.asyncProperty(smallWorlds(), async world => {
      const sat = await openSat()
      const found = prices(world, encode(world, reduce(world), sat, { manifest: false }), finding => finding === 'f0')
      sat.dispose()
      assert.deepEqual([...found.keys()], world.risks[0]?.present ? ['f0'] : [])
    }),
    { numRuns: 30 },
  )
})
