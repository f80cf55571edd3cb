import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { World } from '../model/world.ts'
import { encode } from './encode.ts'
import { type Bounds, Optimisation, type Solution } from './optimise.ts'
import { type Reduced, reduce } from './reduce.ts'
import { openSat } from './sat.ts'
import { bestPlan, costsOf, smallWorlds } from './testing/random-world.ts'

async function solve(world: World, reduced: Reduced, bounds: Bounds = {}): Promise<Solution | undefined> {
  const sat = await openSat()
  try {
    return new Optimisation(world, encode(world, reduced, sat, { manifest: false }), bounds).upTo()
  } finally {
    sat.dispose()
  }
}

const optima = (solution: Solution | undefined): number[] | undefined => solution?.levels.map(({ optimum }) => optimum)

const everything = (world: World): Reduced => ({ live: world.units.map(() => true), needed: world.choices.map(() => true) })

test('the planner finds the same optimum, level by level, as trying every set of versions', async () => {
  await fc.assert(
    fc.asyncProperty(smallWorlds(), async world => {
      const solution = await solve(world, reduce(world))
      assert.deepEqual(optima(solution), bestPlan(world))
      // What it says is present has these costs.
      assert.deepEqual(costsOf(world, solution?.present ?? new Set()), bestPlan(world))
    }),
    { numRuns: 300 },
  )
})

test('where one version of each package may stand, as in a distribution, the optimum is that of trying every set', async () => {
  await fc.assert(
    fc.asyncProperty(smallWorlds({ onePerPackage: true }), async world => {
      const solution = await solve(world, reduce(world))
      assert.deepEqual(optima(solution), bestPlan(world))
      const names = world.units.filter((_, id) => solution?.present.has(id)).map(unit => unit.package)
      assert.equal(new Set(names).size, names.length)
    }),
    { numRuns: 300 },
  )
})

test('dominance changes no level of the optimum, peers or not', async () => {
  for (const options of [{}, { peers: true }, { onePerPackage: true }, { peers: true, onePerPackage: true }]) {
    await fc.assert(
      fc.asyncProperty(smallWorlds(options), async world => {
        assert.deepEqual(optima(await solve(world, reduce(world))), optima(await solve(world, everything(world))))
      }),
      { numRuns: 150 },
    )
  }
})

test('bounds on breaking lines and on new versions hold, and nothing better keeps them', async () => {
  await fc.assert(
    fc.asyncProperty(smallWorlds(), fc.integer({ min: 0, max: 4 }), async (world, most) => {
      const calm = await solve(world, reduce(world), { noBreakingLines: true })
      assert.deepEqual(
        optima(calm),
        bestPlan(world, costs => costs[4] === 0),
      )
      const few = await solve(world, reduce(world), { newVersions: most })
      assert.deepEqual(
        optima(few),
        bestPlan(world, costs => (costs[5] ?? 0) <= most),
      )
    }),
    { numRuns: 100 },
  )
})

test('the same question gets the same versions', async () => {
  await fc.assert(
    fc.asyncProperty(smallWorlds({ peers: true }), async world => {
      const [once, again] = [await solve(world, reduce(world)), await solve(world, reduce(world))]
      assert.deepEqual(once, again)
    }),
    { numRuns: 50 },
  )
})

test('levels can be asked one after the other', async () => {
  await fc.assert(
    fc.asyncProperty(smallWorlds(), async world => {
      const sat = await openSat()
      const optimisation = new Optimisation(world, encode(world, reduce(world), sat, { manifest: false }), {})
      assert.deepEqual(optima(optimisation.upTo(3)), bestPlan(world)?.slice(0, 3))
      assert.deepEqual(optima(optimisation.upTo()), bestPlan(world))
      sat.dispose()
    }),
    { numRuns: 50 },
  )
})
