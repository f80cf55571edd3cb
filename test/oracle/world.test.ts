import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compare, satisfies } from 'semver'
import { lineOf } from '../../bench/measure.ts'
import type { PackageFacts, VersionFacts } from '../../src/model/catalogue.ts'
import { compareCosts } from './brute-force.ts'
import { solveWorld, type WorldQuestion } from './world.ts'

type Registry = Readonly<Record<string, Readonly<Record<string, Omit<VersionFacts, 'version'>>>>>

/** A flat lock of one version per package. */
function question(
  registry: Registry,
  root: Record<string, string>,
  locked: Record<string, string>,
  risks: Record<string, number>,
): WorldQuestion {
  const entries = Object.entries(locked).map(([name, version]) => {
    const { dependencies, optionalDependencies } = registry[name]?.[version] ?? {}
    return [`node_modules/${name}`, { version, dependencies, optionalDependencies }] as const
  })
  const manifest = { name: 'project', version: '1.0.0', dependencies: root }
  const facts = (name: string): PackageFacts => ({
    name,
    tags: {},
    versions: Object.entries(registry[name] ?? {})
      .map(([version, rest]) => ({ version, ...rest }))
      .sort((a, b) => compare(a.version, b.version)),
  })
  return {
    lockText: JSON.stringify({ lockfileVersion: 3, packages: Object.fromEntries([['', manifest], ...entries]) }),
    manifest,
    facts: async name => facts(name),
    risks: (name, version) => (risks[`${name}@${version}`] === undefined ? [] : [{ group: 'G', weight: risks[`${name}@${version}`] ?? 0 }]),
  }
}

const answerOf = async (asked: WorldQuestion): Promise<unknown[]> => {
  const { riskLeft, breakingLines, newVersions, added } = await solveWorld(asked)
  return [riskLeft, breakingLines, newVersions, added]
}

test('a fix in range costs one new version', async () => {
  const registry = { a: { '1.0.0': { dependencies: { b: '^1.0.0' } } }, b: { '1.0.0': {}, '1.0.1': {}, '1.0.2': {} } }
  assert.deepEqual(await answerOf(question(registry, { a: '^1.0.0' }, { a: '1.0.0', b: '1.0.0' }, { 'b@1.0.0': 30 })), [
    0,
    0,
    1,
    ['b@1.0.1'],
  ])
})

test('a fix out of range moves the parent too, and a breaking line is counted once', async () => {
  const registry = {
    a: { '1.0.0': { dependencies: { b: '^1.0.0' } }, '1.1.0': { dependencies: { b: '^2.0.0' } } },
    b: { '1.0.0': {}, '2.0.0': {} },
  }
  const asked = question(registry, { a: '^1.0.0' }, { a: '1.0.0', b: '1.0.0' }, { 'b@1.0.0': 30 })
  assert.deepEqual(await answerOf(asked), [0, 1, 2, ['a@1.1.0', 'b@2.0.0']])
  assert.deepEqual(await answerOf({ ...asked, noBreakingLines: true }), [30, 0, 0, []])
  assert.deepEqual(await answerOf({ ...asked, atMostNew: 1 }), [30, 0, 0, []])
})

test('a fix whose own needs cannot be met is no fix', async () => {
  const registry = {
    a: { '1.0.0': {}, '1.0.1': { dependencies: { gone: '^1.0.0' } }, '1.0.2': { optionalDependencies: { platform: '1.0.2' } } },
    platform: { '1.0.1': {} },
  }
  assert.deepEqual(await answerOf(question(registry, { a: '^1.0.0' }, { a: '1.0.0' }, { 'a@1.0.0': 30 })), [30, 0, 0, []])
})

test('nothing deprecated, pre-release or lower is introduced, and no consumer is moved down', async () => {
  const registry = {
    a: { '1.0.0': { dependencies: { b: '*' } } },
    b: { '0.9.0': {}, '1.0.0': {}, '1.0.1': { deprecated: true as const }, '1.1.0-beta.1': {}, '1.2.0': {} },
  }
  assert.deepEqual(await answerOf(question(registry, { a: '1.0.0' }, { a: '1.0.0', b: '1.0.0' }, { 'b@1.0.0': 30 })), [
    0,
    0,
    1,
    ['b@1.2.0'],
  ])
  assert.deepEqual(await answerOf(question(registry, { a: '1.0.0' }, { a: '1.0.0', b: '1.0.0' }, { 'b@1.0.0': 30, 'b@1.2.0': 30 })), [
    30,
    0,
    0,
    [],
  ])
})

test('the lazy reading finds the same optimum as trying every set of versions', async () => {
  const names = ['a', 'b', 'c', 'd']
  const versions = ['1.0.0', '1.1.0', '2.0.0']
  const range = fc.constantFrom('^1.0.0', '^1.1.0', '^2.0.0', '>=1.0.0', '1.0.0')
  const version = fc.dictionary(fc.constantFrom(...names), range, { maxKeys: 2 })
  const instance = fc.record({
    needs: fc.array(fc.array(version, { minLength: 3, maxLength: 3 }), { minLength: 4, maxLength: 4 }),
    locked: fc.array(fc.nat(1), { minLength: 4, maxLength: 4 }),
    risks: fc.array(fc.tuple(fc.nat(3), fc.nat(2), fc.constantFrom(3, 10, 30)), { minLength: 1, maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(instance, async ({ needs, locked, risks }) => {
      const lock = Object.fromEntries(names.map((name, index) => [name, versions[locked[index] ?? 0] ?? '']))
      // What is locked keeps its own rules: needs that the lock breaks, and needs of oneself, are left out.
      const registry: Record<string, Record<string, Omit<VersionFacts, 'version'>>> = {}
      names.forEach((name, index) => {
        registry[name] = {}
        versions.forEach((at, step) => {
          const wanted = Object.entries(needs[index]?.[step] ?? {}).filter(
            ([of, asked]) => of !== name && (at !== lock[name] || satisfies(lock[of] ?? '', asked)),
          )
          Object.assign(registry[name] ?? {}, { [at]: { dependencies: Object.fromEntries(wanted) } })
        })
      })
      const weights = Object.fromEntries(risks.map(([of, at, weight]) => [`${names[of]}@${versions[at]}`, weight]))
      const asked = question(registry, { a: '>=1.0.0', b: '^1.0.0' }, lock, weights)
      const units = names.flatMap(name => versions.filter(at => compare(at, lock[name] ?? '') >= 0).map(at => ({ name, at })))
      let best: number[] | undefined
      for (let bits = 0; bits < 2 ** units.length; bits++) {
        const chosen = units.filter((_, index) => bits & (1 << index))
        const serves = (of: string, wanted: string, floor: string): boolean =>
          chosen.some(unit => unit.name === of && satisfies(unit.at, wanted) && compare(unit.at, floor) >= 0)
        const sound =
          serves('a', '>=1.0.0', lock['a'] ?? '') &&
          serves('b', '^1.0.0', lock['b'] ?? '') &&
          chosen.every(({ name, at }) =>
            Object.entries(registry[name]?.[at]?.dependencies ?? {}).every(([of, wanted]) =>
              serves(of, wanted, at === lock[name] ? (lock[of] ?? '') : '0.0.0'),
            ),
          )
        if (!sound) continue
        const fresh = chosen.filter(({ name, at }) => at !== lock[name])
        const costs = [
          chosen.reduce((sum, { name, at }) => sum + (weights[`${name}@${at}`] ?? 0), 0),
          new Set(
            fresh
              .map(({ name, at }) => `${name} ${lineOf(at)}`)
              .filter(line => !names.some(name => line === `${name} ${lineOf(lock[name] ?? '')}`)),
          ).size,
          fresh.length,
        ]
        if (best === undefined || compareCosts(costs, best) < 0) best = costs
      }
      const found = await solveWorld(asked)
      assert.deepEqual([found.riskLeft, found.breakingLines, found.newVersions], best)
    }),
    { numRuns: 60 },
  )
})
