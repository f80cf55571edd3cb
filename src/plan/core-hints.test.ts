import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { World } from '../model/world.ts'
import { CoreHints } from './core-hints.ts'
import { type EncodeOptions, encode } from './encode.ts'
import { Optimisation, type Solution } from './optimise.ts'
import { reduce } from './reduce.ts'
import { openSat } from './sat.ts'
import { bestPlan, smallWorlds } from './testing/random-world.ts'

async function solve(world: World, hints?: CoreHints, options: EncodeOptions = { manifest: false }): Promise<Solution | undefined> {
  const sat = await openSat()
  try {
    return new Optimisation(world, encode(world, reduce(world), sat, options), {}, hints).upTo()
  } finally {
    sat.dispose()
  }
}

const optima = (solution: Solution | undefined): number[] | undefined => solution?.levels.map(({ optimum }) => optimum)

const versionsIn = (world: World, solution: Solution | undefined): string[] =>
  world.units.flatMap((unit, id) => (!unit.locked && solution?.present.has(id) ? [`${unit.package}@${unit.version}`] : []))

test('what other worlds have taught changes no level of the optimum and no new version', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(smallWorlds(), { minLength: 2, maxLength: 4 }), async worlds => {
      const hints = new CoreHints()
      for (const world of [...worlds, ...worlds]) {
        const taught = await solve(world, hints)
        assert.deepEqual(optima(taught), bestPlan(world))
        assert.deepEqual(versionsIn(world, taught), versionsIn(world, await solve(world)))
      }
    }),
    { numRuns: 100 },
  )
})

test('a world that is asked about again is told its own cores, by name', async () => {
  let told = 0
  await fc.assert(
    fc.asyncProperty(smallWorlds(), async world => {
      const heard = new (class extends CoreHints {
        override suggest(...of: Parameters<CoreHints['suggest']>) {
          const suggested = super.suggest(...of)
          told += suggested.length
          return suggested
        }
      })()
      const first = await solve(world, heard)
      assert.deepEqual(optima(await solve(world, heard)), optima(first))
    }),
    { numRuns: 50 },
  )
  assert.ok(told > 0)
})

test('leaving out peers that every version suits changes no level of the optimum', async () => {
  await fc.assert(
    fc.asyncProperty(smallWorlds({ peers: true }), async world => {
      const binding = await solve(world, undefined, { manifest: false, bindingPeersOnly: true })
      assert.deepEqual(optima(binding), optima(await solve(world)))
      assert.deepEqual(versionsIn(world, binding), versionsIn(world, await solve(world)))
    }),
    { numRuns: 200 },
  )
})
