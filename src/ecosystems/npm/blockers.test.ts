import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PackageFacts, VersionFacts } from '../../model/catalogue.ts'
import type { Blocker } from '../../model/plan.ts'
import { DEFAULT_POLICY } from '../../model/policy.ts'
import { blockerFinder } from './blockers.ts'
import { buildTree } from './build-tree.ts'
import { type CandidateRules, candidates } from './candidates.ts'
import { heldBelow } from './held-below.ts'
import { readLocked } from './locked.ts'
import { readManifest } from './manifest.ts'
import { readLock } from './read-lock.ts'

type Registry = Readonly<Record<string, Readonly<Record<string, Omit<VersionFacts, 'version'>>>>>

const RULES: CandidateRules = { policy: DEFAULT_POLICY, node: undefined, now: new Date('2026-01-01T00:00:00Z'), needsIntegrity: true }

/** The project asks for parent ^1.0.0; parent 1.0.0 holds the vulnerable leaf 1.0.0; figures 5.0.0 is there for the project itself. */
function blockersOf(registry: Registry): readonly Blocker[] {
  const dependencies = { parent: '^1.0.0', figures: '^5.0.0' }
  const lock = {
    lockfileVersion: 3,
    packages: {
      '': { dependencies },
      'node_modules/parent': { version: '1.0.0', dependencies: { leaf: '1.0.0' } },
      'node_modules/leaf': { version: '1.0.0' },
      'node_modules/figures': { version: '5.0.0' },
    },
  }
  const locked = readLocked(
    buildTree(readLock('package-lock.json', JSON.stringify(lock)), readManifest('package.json', JSON.stringify({ dependencies }))),
  )
  const packageFacts = (name: string): PackageFacts => ({
    name,
    versions: Object.entries(registry[name] ?? {}).map(([version, facts]) => ({ version, integrity: 'sha512-x', ...facts })),
    tags: {},
  })
  const here = (name: string) => locked.versions.get(name) ?? []
  const admissible = (name: string) => [
    ...here(name),
    ...candidates(packageFacts(name), here(name), RULES).map(({ facts }) => facts.version),
  ]
  const factsOf = (name: string, version: string) => packageFacts(name).versions.find(facts => facts.version === version)
  const find = blockerFinder({
    locked,
    admissible,
    factsOf,
    match: (name, version) => (name === 'leaf' && version === '1.0.0' ? [{ id: 'X', group: 'X', ids: ['X'], severity: 'high' }] : []),
    isRaisable: location => location === '',
    heldBelow: heldBelow({ locked: here, admissible, factsOf, packageFacts, rules: RULES }),
  })
  const finding = { id: 'leaf@1.0.0:X', name: 'leaf', version: '1.0.0', purl: '', group: 'X', ids: ['X'], severity: 'high' } as const
  return find({ ...finding, locations: ['node_modules/leaf'] }).blockers
}

const OLD = { '1.0.0': { dependencies: { leaf: '1.0.0' } } }
const LEAF = { '1.0.0': {}, '1.0.1': {} }

test('a range that no newer release of its owner loosens is the blocker', () => {
  const [only, ...others] = blockersOf({ parent: OLD, leaf: LEAF, figures: { '5.0.0': {} } })
  assert.deepEqual([only?.owner, only?.declares, only?.range, others.length], ['parent@1.0.0', 'leaf', '1.0.0', 0])
})

test('where a newer parent would do but brings what may not enter, that need is the blocker, with the rule that keeps it out', () => {
  const parent = { ...OLD, '1.1.0': { dependencies: { leaf: '^1.0.1', prompt: '^9.0.0' } } }
  const prompt = { '9.2.0': { dependencies: { figures: '^3.2.0' } } }
  const [first] = blockersOf({ parent, leaf: LEAF, prompt, figures: { '3.2.0': {}, '5.0.0': {} } })
  assert.deepEqual([first?.owner, first?.declares, first?.range], ['prompt@9.2.0', 'figures', '^3.2.0'])
  assert.equal(
    first?.remedy,
    'parent@1.1.0 would do, but it brings prompt@9.2.0, which needs figures ^3.2.0, and figures 3.2.0, the newest in that range, is lower than any that the lock has (5.0.0).',
  )
  const [deprecated] = blockersOf({ parent, leaf: LEAF, prompt: { '9.2.0': { deprecated: true } }, figures: { '5.0.0': {} } })
  assert.equal(
    deprecated?.remedy,
    'parent@1.1.0 would do, but it needs prompt ^9.0.0, and prompt 9.2.0, the newest in that range, is deprecated.',
  )
})

test('a parent that would do and may enter is no blocker, whatever keeps its other releases out', () => {
  const parent = {
    ...OLD,
    '1.1.0': { dependencies: { leaf: '^1.0.1', absent: '*' } },
    '1.2.0': { dependencies: { leaf: '^1.0.1' } },
  }
  assert.deepEqual(blockersOf({ parent, leaf: LEAF, figures: { '5.0.0': {} } }), [])
})
