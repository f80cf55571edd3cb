import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkCertificate, readCertificate } from '../../test/oracle/certificate.ts'
import type { World } from '../model/world.ts'
import { certificateOf } from './certificate.ts'
import { encode } from './encode.ts'
import { type Bounds, Optimisation } from './optimise.ts'
import { reduce } from './reduce.ts'
import { openSat } from './sat.ts'
import { smallWorlds } from './testing/random-world.ts'

async function certify(world: World, bounds: Bounds) {
  const reduced = reduce(world)
  const sat = await openSat()
  try {
    const solution = new Optimisation(world, encode(world, reduced, sat, { manifest: false }), bounds).upTo()
    return solution && (await certificateOf({ world }, reduced, { bounds, manifest: false }, solution))
  } finally {
    sat.dispose()
  }
}

test('another solver proves every level of every certificate, peers and bounds included', async () => {
  const bounds = fc.constantFrom<Bounds>({}, { noBreakingLines: true }, { newVersions: 1 }, { newVersions: 2 })
  await fc.assert(
    fc.asyncProperty(fc.oneof(smallWorlds({ peers: true }), smallWorlds({ onePerPackage: true })), bounds, async (world, asked) => {
      const certificate = await certify(world, asked)
      if (certificate === undefined) return
      const checked = await checkCertificate(readCertificate(JSON.parse(JSON.stringify(certificate))))
      assert.deepEqual(checked.problems, [])
    }),
    { numRuns: 40 },
  )
})

test('a certificate names the versions that its variables stand for', async () => {
  await fc.assert(
    fc.asyncProperty(smallWorlds(), async world => {
      const certificate = await certify(world, {})
      const named = certificate?.variables.filter(name => name.includes('@')) ?? []
      assert.deepEqual(
        named,
        world.units.filter((_, id) => reduce(world).live[id]).map(unit => `${unit.package}@${unit.version}`),
      )
    }),
    { numRuns: 20 },
  )
})
