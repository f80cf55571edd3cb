import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Unit, World } from '../model/world.ts'
import { reduce } from './reduce.ts'
import { unit } from './testing/made-unit.ts'
import { smallWorlds } from './testing/random-world.ts'

/** The project needs any version of package a; 1.0.0 is locked and vulnerable. */
function worldOf(...more: Unit[]): World {
  const units = [unit('1.0.0', { locked: true, entries: 1 }), ...more]
  return {
    units,
    choices: [{ package: 'a', range: '*', anyOf: units.flatMap((each, id) => (each.package === 'a' ? [id] : [])) }],
    fixed: [{ key: '', needs: [0], now: [0] }],
    risks: [{ finding: 'a@1.0.0:G', group: 'G', weight: 30, aside: 0, units: [0], present: true }],
    conflicts: [],
  }
}

const liveVersions = (world: World): string[] => world.units.filter((_, id) => reduce(world).live[id]).map(({ version }) => version)

test('of twins that differ in their distance only, the nearest stays', () => {
  assert.deepEqual(liveVersions(worldOf(unit('1.0.1', { distance: 1 }), unit('1.0.2', { distance: 2 }), unit('1.0.3', { distance: 3 }))), [
    '1.0.0',
    '1.0.1',
  ])
})

test('a version that is worse in one way and better in none goes; one that is better in some way stays', () => {
  const script = unit('1.0.2', { distance: 2, gainsScript: true })
  assert.deepEqual(liveVersions(worldOf(unit('1.0.1', { distance: 1 }), script)), ['1.0.0', '1.0.1'])
  const nearer = unit('1.0.2', { distance: 1, gainsScript: true })
  assert.deepEqual(liveVersions(worldOf(unit('1.0.1', { distance: 2 }), nearer)), ['1.0.0', '1.0.1', '1.0.2'])
  const line = unit('2.0.0', { distance: 3, gainedLine: 'a 2' })
  assert.deepEqual(liveVersions(worldOf(unit('1.0.1', { distance: 1 }), line)), ['1.0.0', '1.0.1'])
})

test('a version that excludes more than another replaces it no longer; versions that exclude each other only do', () => {
  const near = unit('1.0.1', { distance: 1 })
  const far = unit('1.0.2', { distance: 2 })
  const other = unit('1.0.0', { package: 'b', locked: true, entries: 1 })
  const world = worldOf(near, far, other)
  assert.deepEqual(liveVersions({ ...world, conflicts: [[1, 3]] }), ['1.0.0', '1.0.1', '1.0.2', '1.0.0'])
  const oneOnly: World['conflicts'] = [0, 1].flatMap(one => [1, 2].filter(more => more > one).map(more => [one, more] as const))
  assert.deepEqual(liveVersions({ ...world, conflicts: oneOnly }), ['1.0.0', '1.0.1', '1.0.0'])
})

test('a version that alone serves a need of several packages stays, whichever of them the need is named for', () => {
  const near = unit('1.0.1', { distance: 1 })
  const far = unit('1.0.2', { distance: 2 })
  const other = unit('1.0.0', { package: 'b', locked: true, entries: 1 })
  const world = worldOf(near, far, other)
  const wide = { package: 'b', range: 'a (>= 1.0.2) | b', anyOf: [2, 3] }
  const asked = { ...world, choices: [...world.choices, wide], fixed: [...world.fixed, { key: 'other', needs: [1], now: [] }] }
  assert.deepEqual(liveVersions(asked), ['1.0.0', '1.0.1', '1.0.2', '1.0.0'])
})

test('what has not been read is neither dropped nor a reason to drop', () => {
  const standIn = unit('', { standIn: true, unread: 'a' })
  assert.deepEqual(liveVersions(worldOf(standIn, unit('1.0.1', { distance: 1 }))), ['1.0.0', '', '1.0.1'])
})

test('what nothing reaches from the project and its lock is no candidate', () => {
  const apart = unit('9.0.0', { package: 'b', distance: 1 })
  assert.deepEqual(liveVersions(worldOf(apart)), ['1.0.0'])
})

test('a version stays in the lock whatever else exists, and reducing never empties a need that could be met', () => {
  fc.assert(
    fc.property(smallWorlds({ peers: true }), world => {
      const { live, needed } = reduce(world)
      world.units.forEach((each, id) => {
        if (each.locked) assert.equal(live[id], true)
      })
      world.choices.forEach((choice, id) => {
        if (needed[id] && choice.anyOf.length > 0) assert.ok(choice.anyOf.some(unit => live[unit]))
      })
    }),
    { numRuns: 300 },
  )
})
