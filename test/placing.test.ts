/** From a lock and a catalogue to a placed tree, through the whole planner, on worlds small enough to see the answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readManifest } from '../src/ecosystems/npm/manifest.ts'
import { Planning } from '../src/ecosystems/npm/planning.ts'
import { readLock } from '../src/ecosystems/npm/read-lock.ts'
import type { PackageFacts, VersionFacts } from '../src/model/catalogue.ts'
import type { Budget } from '../src/model/plan.ts'
import { DEFAULT_POLICY } from '../src/model/policy.ts'
import { propose } from '../src/plan/propose.ts'

type Ranges = Record<string, string>
interface Entry {
  readonly version: string
  readonly dependencies?: Ranges
  readonly optionalDependencies?: Ranges
  readonly peerDependencies?: Ranges
  readonly peerDependenciesMeta?: Record<string, { readonly optional: true }>
}
type Registry = Record<string, Record<string, Omit<VersionFacts, 'version'>>>

interface Case {
  readonly roots: Record<string, string>
  readonly lock: Record<string, Entry>
  readonly registry: Registry
  /** `name@version`s that carry one high finding. */
  readonly vulnerable: readonly string[]
  readonly budget?: Budget
  /** npm's setting of that name. */
  readonly legacyPeerDeps?: boolean
}

async function placed({
  roots,
  lock,
  registry,
  vulnerable,
  budget = 'all',
  legacyPeerDeps = false,
}: Case): Promise<Record<string, string>> {
  const packages = { '': { dependencies: roots }, ...lock }
  const versionsOf = (name: string): readonly VersionFacts[] =>
    Object.entries(registry[name] ?? {}).map(([version, facts]) => ({ version, integrity: 'sha512-x', ...facts }))
  const loaded = new Map<string, PackageFacts>()
  const planning = await Planning.open({
    repository: {
      folder: '',
      lock: readLock('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages })),
      manifest: readManifest('package.json', JSON.stringify({ dependencies: roots })),
      files: [],
      manifests: [],
      workspaces: new Map(),
    },
    catalogue: {
      load: async names => {
        for (const name of names) loaded.set(name, { name, versions: versionsOf(name), tags: {} })
      },
      get: name => loaded.get(name),
    },
    rules: { policy: DEFAULT_POLICY, node: undefined, now: new Date('2026-01-01T00:00:00Z'), needsIntegrity: true },
    match: (name, version) =>
      vulnerable.includes(`${name}@${version}`) ? [{ id: `X-${name}`, group: `X-${name}`, ids: [`X-${name}`], severity: 'high' }] : [],
    weigh: () => ({ weight: 30, aside: 0 }),
    bundled: async () => [],
    legacyPeerDeps,
  })
  const { realised } = await propose(planning, { budget, manifest: false, priceList: false })
  assert.deepEqual(realised.defects, [])
  return Object.fromEntries([...realised.tree].flatMap(([location, { version }]) => (location === '' ? [] : [[location, version]])))
}

test('a hoisted version is replaced in place where every consumer accepts the fix, by the lowest that fixes', async () => {
  const tree = await placed({
    roots: { a: '^1.0.0', b: '^1.0.0' },
    lock: {
      'node_modules/a': { version: '1.0.0', dependencies: { leaf: '^1.0.0' } },
      'node_modules/b': { version: '1.0.0', dependencies: { leaf: '~1.0.0' } },
      'node_modules/leaf': { version: '1.0.0' },
    },
    registry: { a: { '1.0.0': {} }, b: { '1.0.0': {} }, leaf: { '1.0.0': {}, '1.0.1': {}, '1.0.2': {}, '1.1.0': {} } },
    vulnerable: ['leaf@1.0.0'],
  })
  assert.deepEqual(tree, { 'node_modules/a': '1.0.0', 'node_modules/b': '1.0.0', 'node_modules/leaf': '1.0.1' })
})

test('where one range refuses the fix, moving the other consumer alone would remove nothing, so nothing moves', async () => {
  const tree = await placed({
    roots: { a: '^1.0.0', b: '^1.0.0' },
    lock: {
      'node_modules/a': { version: '1.0.0', dependencies: { leaf: '^1.0.0' } },
      'node_modules/b': { version: '1.0.0', dependencies: { leaf: '1.0.0' } },
      'node_modules/leaf': { version: '1.0.0' },
    },
    registry: { a: { '1.0.0': {} }, b: { '1.0.0': { dependencies: { leaf: '1.0.0' } } }, leaf: { '1.0.0': {}, '1.1.0': {} } },
    vulnerable: ['leaf@1.0.0'],
  })
  assert.equal(tree['node_modules/leaf'], '1.0.0')
})

test('a parent moves when only its newer version lets the fix in', async () => {
  const tree = await placed({
    roots: { a: '^1.0.0' },
    lock: { 'node_modules/a': { version: '1.0.0', dependencies: { leaf: '1.0.0' } }, 'node_modules/leaf': { version: '1.0.0' } },
    registry: {
      a: {
        '1.0.0': { dependencies: { leaf: '1.0.0' } },
        '1.1.0': { dependencies: { leaf: '^1.0.0' } },
        '1.2.0': { dependencies: { leaf: '^1.0.0' } },
      },
      leaf: { '1.0.0': {}, '1.0.1': {} },
    },
    vulnerable: ['leaf@1.0.0'],
  })
  assert.deepEqual(tree, { 'node_modules/a': '1.1.0', 'node_modules/leaf': '1.0.1' })
})

test('a clean copy that is there already serves, and no version enters', async () => {
  const tree = await placed({
    roots: { a: '^1.0.0', leaf: '^1.0.0' },
    lock: {
      'node_modules/a': { version: '1.0.0', dependencies: { leaf: '^1.0.0' } },
      'node_modules/a/node_modules/leaf': { version: '1.0.0' },
      'node_modules/leaf': { version: '1.0.1' },
    },
    registry: { a: { '1.0.0': { dependencies: { leaf: '^1.0.0' } } }, leaf: { '1.0.0': {}, '1.0.1': {}, '1.0.2': {} } },
    vulnerable: ['leaf@1.0.0'],
  })
  assert.deepEqual(tree, { 'node_modules/a': '1.0.0', 'node_modules/leaf': '1.0.1' })
})

test('a peer keeps the version it stands beside, or moves along', async () => {
  const lock = {
    'node_modules/host': { version: '1.0.0' },
    'node_modules/plugin': { version: '1.0.0', peerDependencies: { host: '1.0.0' } },
  }
  const host = { '1.0.0': {}, '1.0.1': {} }
  const plugin = { '1.0.0': { peerDependencies: { host: '1.0.0' } } }
  const question = { roots: { host: '^1.0.0', plugin: '^1.0.0' }, lock, vulnerable: ['host@1.0.0'] }
  assert.equal((await placed({ ...question, registry: { host, plugin } }))['node_modules/host'], '1.0.0')
  const moving = { ...plugin, '1.1.0': { peerDependencies: { host: '^1.0.0' } } }
  assert.deepEqual(await placed({ ...question, registry: { host, plugin: moving } }), {
    'node_modules/host': '1.0.1',
    'node_modules/plugin': '1.1.0',
  })
})

test('where npm is told to ignore peers, they hold nothing, bring nothing and are none to break', async () => {
  const question = {
    roots: { host: '^1.0.0', plugin: '^1.0.0' },
    lock: {
      'node_modules/host': { version: '1.0.0' },
      'node_modules/plugin': { version: '1.0.0', peerDependencies: { host: '1.0.0' } },
    },
    registry: {
      host: { '1.0.0': {}, '1.0.1': { peerDependencies: { other: '^1.0.0' } } },
      plugin: { '1.0.0': { peerDependencies: { host: '1.0.0' } } },
      other: { '1.0.0': {} },
    },
    vulnerable: ['host@1.0.0'],
  }
  assert.equal((await placed(question))['node_modules/host'], '1.0.0')
  assert.deepEqual(await placed({ ...question, legacyPeerDeps: true }), { 'node_modules/host': '1.0.1', 'node_modules/plugin': '1.0.0' })
})

test('a lock that lacks an optional package is completed with a fix, as npm ci asks, and left alone without one', async () => {
  const question = {
    roots: { watcher: '^1.0.0', leaf: '^1.0.0' },
    lock: {
      'node_modules/watcher': { version: '1.0.0', optionalDependencies: { platform: '~2.3.1', nowhere: '^1.0.0' } },
      'node_modules/leaf': { version: '1.0.0' },
    },
    registry: {
      watcher: { '1.0.0': { optionalDependencies: { platform: '~2.3.1', nowhere: '^1.0.0' } } },
      leaf: { '1.0.0': {}, '1.0.1': {} },
      platform: { '2.3.0': {}, '2.3.2': {}, '2.3.3': {}, '2.4.0': {} },
    },
  }
  const { 'node_modules/platform': added, 'node_modules/leaf': leaf } = await placed({ ...question, vulnerable: ['leaf@1.0.0'] })
  assert.deepEqual([added, leaf], ['2.3.3', '1.0.1'])
  assert.equal('node_modules/platform' in (await placed({ ...question, vulnerable: [] })), false)
  const deprecated = { ...question.registry, platform: { '2.3.3': { deprecated: true } } as const }
  assert.deepEqual(await placed({ ...question, registry: deprecated, vulnerable: ['leaf@1.0.0'] }), {
    'node_modules/watcher': '1.0.0',
    'node_modules/leaf': '1.0.1',
  })
})

test('what nothing needs any more holds no place: its successor takes it, and nobody gets a copy of his own', async () => {
  const peerDependencies = { bundler: '^4.0.0' }
  const tree = await placed({
    roots: { next: '^9.0.0', style: '^1.0.0' },
    lock: {
      'node_modules/bundler': { version: '4.3.0' },
      'node_modules/next': { version: '9.4.0', dependencies: { bundler: '4.3.0', loader: '3.0.0' } },
      'node_modules/loader': { version: '3.0.0', peerDependencies },
      'node_modules/style': { version: '1.0.0', peerDependencies },
    },
    registry: {
      next: {
        '9.4.0': { dependencies: { bundler: '4.3.0', loader: '3.0.0' } },
        '9.5.0': { dependencies: { bundler: '4.4.0', loader: '3.1.0' } },
      },
      bundler: { '4.3.0': {}, '4.4.0': {} },
      loader: { '3.0.0': { peerDependencies }, '3.1.0': { peerDependencies } },
      style: { '1.0.0': { peerDependencies } },
    },
    vulnerable: ['next@9.4.0'],
  })
  assert.deepEqual(tree, {
    'node_modules/bundler': '4.4.0',
    'node_modules/next': '9.5.0',
    'node_modules/loader': '3.1.0',
    'node_modules/style': '1.0.0',
  })
})

test('by default no breaking line is gained', async () => {
  const question = {
    roots: { a: '^1.0.0' },
    lock: { 'node_modules/a': { version: '1.0.0', dependencies: { leaf: '>=1.0.0' } }, 'node_modules/leaf': { version: '1.0.0' } },
    registry: { a: { '1.0.0': { dependencies: { leaf: '>=1.0.0' } } }, leaf: { '1.0.0': {}, '2.0.0': {} } },
    vulnerable: ['leaf@1.0.0'],
  }
  assert.equal((await placed({ ...question, budget: 'default' }))['node_modules/leaf'], '1.0.0')
  assert.equal((await placed(question))['node_modules/leaf'], '2.0.0')
})

test('what nothing needs any more goes, and what a fix brings stands as high as it can', async () => {
  const tree = await placed({
    roots: { a: '^1.0.0' },
    lock: { 'node_modules/a': { version: '1.0.0', dependencies: { old: '^1.0.0' } }, 'node_modules/old': { version: '1.0.0' } },
    registry: {
      a: { '1.0.0': { dependencies: { old: '^1.0.0' } }, '1.0.1': { dependencies: { fresh: '^1.0.0' } } },
      old: { '1.0.0': {} },
      fresh: { '1.0.0': {}, '1.4.0': {} },
    },
    vulnerable: ['old@1.0.0'],
  })
  assert.deepEqual(tree, { 'node_modules/a': '1.0.1', 'node_modules/fresh': '1.4.0' })
})

test('what is there only for a peer that may be absent goes where it leads to a finding, since npm keeps nothing for those', async () => {
  const runner = { peerDependencies: { cover: '*' } }
  const question = {
    roots: { runner: '^1.0.0' },
    lock: {
      'node_modules/runner': { version: '1.0.0', ...runner, peerDependenciesMeta: { cover: { optional: true } } } as const,
      'node_modules/cover': { version: '1.0.0', dependencies: { request: '1.0.0' } },
      'node_modules/request': { version: '1.0.0', dependencies: { cookie: '1.0.0', other: '1.0.0' } },
      'node_modules/cookie': { version: '1.0.0' },
      'node_modules/other': { version: '1.0.0' },
    },
    registry: {
      runner: { '1.0.0': { ...runner, optionalPeers: ['cover'] } },
      cover: { '1.0.0': { dependencies: { request: '1.0.0' } } },
      request: { '1.0.0': { dependencies: { cookie: '1.0.0', other: '1.0.0' } } },
      cookie: { '1.0.0': {} },
      other: { '1.0.0': {} },
    },
  }
  assert.deepEqual(await placed({ ...question, vulnerable: ['cookie@1.0.0'] }), { 'node_modules/runner': '1.0.0' })
  assert.equal(Object.keys(await placed({ ...question, vulnerable: [] })).length, 5)
})

test('of what nothing needed, only what carries a finding goes, with whatever asked for it', async () => {
  const tree = await placed({
    roots: { a: '^1.0.0' },
    lock: {
      'node_modules/a': { version: '1.0.0' },
      'node_modules/left': { version: '1.0.0', dependencies: { leaf: '^1.0.0' } },
      'node_modules/leaf': { version: '1.0.0' },
      'node_modules/alone': { version: '1.0.0' },
    },
    registry: { a: { '1.0.0': {}, '1.0.1': {} } },
    vulnerable: ['a@1.0.0', 'leaf@1.0.0'],
  })
  assert.deepEqual(tree, { 'node_modules/a': '1.0.1', 'node_modules/alone': '1.0.0' })
})
