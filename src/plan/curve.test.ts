import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CurvePoint } from '../model/plan.ts'
import type { World } from '../model/world.ts'
import { type Curve, curve, knee } from './curve.ts'
import { encode } from './encode.ts'
import { reduce } from './reduce.ts'
import { openSat } from './sat.ts'
import { everyPlan, smallWorlds } from './testing/random-world.ts'

async function curveOf(world: World, effort?: { calls: number; conflicts: number }): Promise<Curve> {
  const sat = await openSat()
  try {
    return curve(world, encode(world, reduce(world), sat, { manifest: false }), effort)
  } finally {
    sat.dispose()
  }
}

/** For each number of new versions the least risk, where fewer do not do as well. */
function front(world: World): [number, number][] {
  const least = new Map<number, number>()
  for (const { costs } of everyPlan(world)) {
    const [risk = 0, fresh = 0] = [costs[0], costs[5]]
    least.set(fresh, Math.min(risk, least.get(fresh) ?? Number.POSITIVE_INFINITY))
  }
  const points: [number, number][] = []
  for (const [fresh, risk] of [...least].sort(([a], [b]) => a - b))
    if (risk < (points.at(-1)?.[1] ?? Number.POSITIVE_INFINITY)) points.push([fresh, risk])
  return points
}

const pairs = ({ points }: Curve): [number, number][] => points.map(({ newVersions, riskLeft }) => [newVersions, riskLeft])

/** Packages that do not depend on each other; each may be fixed at a price. */
const knapsacks: fc.Arbitrary<World> = fc
  .array(fc.record({ weight: fc.constantFrom(3, 10, 30, 100), price: fc.integer({ min: 1, max: 3 }) }), { minLength: 3, maxLength: 5 })
  .filter(items => items.reduce((sum, { price }) => sum + price + 1, 0) <= 15)
  .map(items => {
    const world: { units: World['units'][number][]; choices: World['choices'][number][]; root: number[]; risks: World['risks'][number][] } =
      {
        units: [],
        choices: [],
        root: [],
        risks: [],
      }
    const empty = { gainedLine: undefined, gainsScript: false, now: [], peers: [], standIn: false, unread: undefined, topmost: false }
    items.forEach(({ weight, price }, at) => {
      const first = world.units.length
      world.units.push({ ...empty, package: `p${at}`, version: '1.0.0', locked: true, entries: 1, distance: 0, needs: [] })
      // The fix needs a chain of further new versions.
      for (let step = 0; step < price; step++) {
        const name = step === 0 ? `p${at}` : `p${at}-${step}`
        const id = world.units.length
        const needs = step + 1 < price ? [world.choices.length] : []
        if (step + 1 < price) world.choices.push({ package: `p${at}-${step + 1}`, range: '*', anyOf: [id + 1] })
        world.units.push({ ...empty, package: name, version: '1.0.1', locked: false, entries: 0, distance: 1, needs })
      }
      world.root.push(world.choices.length)
      world.choices.push({ package: `p${at}`, range: '*', anyOf: [first, first + 1] })
      world.risks.push({ finding: `f${at}`, group: `g${at}`, weight, aside: 0, units: [first], present: true })
    })
    return {
      units: world.units,
      choices: world.choices,
      fixed: [{ key: '', needs: world.root, now: [] }],
      risks: world.risks,
      conflicts: [],
    }
  })

test('the curve is the front that trying every set of versions finds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(smallWorlds(), knapsacks), async world => {
      const found = await curveOf(world)
      assert.deepEqual(found.gaps, [])
      assert.deepEqual(pairs(found), front(world))
    }),
    { numRuns: 150 },
  )
})

test('with little effort points may be missing, but only where it says so, and each one given is an optimum', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(smallWorlds(), knapsacks), fc.nat(6), async (world, calls) => {
      const found = await curveOf(world, { calls, conflicts: 10 })
      const whole = front(world)
      const shown = pairs(found).map(String)
      for (const point of shown) assert.ok(whole.map(String).includes(point))
      for (const [fresh, risk] of whole) {
        const isGap = found.gaps.some(([from, to]) => from < fresh && fresh < to)
        if (!isGap) assert.ok(shown.includes(String([fresh, risk])))
      }
    }),
    { numRuns: 150 },
  )
})

test('the knee is the point from which on each new version buys less', () => {
  const points = (...list: [number, number][]): CurvePoint[] =>
    list.map(([newVersions, riskLeft]) => ({ newVersions, riskLeft, findingsLeft: 0 }))
  assert.equal(knee(points([0, 100], [1, 40], [2, 20], [9, 0])), 2)
  assert.equal(knee(points([0, 100], [10, 0])), 0)
  assert.equal(knee(points([0, 100])), 0)
  assert.equal(knee([]), 0)
})
