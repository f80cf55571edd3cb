import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyEdits } from '../../text/edits.ts'
import { buildTree } from './build-tree.ts'
import { readManifest } from './manifest.ts'
import { differenceOf, lockPatch } from './patch.ts'
import { readLock } from './read-lock.ts'
import type { FullManifest } from './registry/read-manifest.ts'
import type { Tree, TreeNode } from './tree.ts'

const INTEGRITY = `sha512-${'A'.repeat(86)}==`

interface Project {
  readonly manifest: object
  readonly lock: object
}

/** What the lock becomes when nodes are set and removed, and nothing else is said. */
function patched({ manifest, lock }: Project, set: readonly TreeNode[], removed: readonly string[] = []): Record<string, unknown> {
  const text = `${JSON.stringify(lock, null, 2)}\n`
  const file = 'package-lock.json'
  const repository = {
    folder: '/project',
    lock: readLock(file, text),
    manifest: readManifest('package.json', JSON.stringify(manifest)),
    files: [],
    manifests: [],
    workspaces: new Map(),
  }
  const before = buildTree(repository.lock, repository.manifest)
  const after: Tree = new Map([...before, ...set.map(node => [node.location, node] as const)].filter(([at]) => !removed.includes(at)))
  const manifests = new Map(set.map(node => [`${node.packageName}@${node.version}`, manifestOf(node)]))
  const edits = lockPatch({
    repository,
    before,
    after,
    difference: differenceOf(before, after),
    manifests,
    manifestEdits: [],
    bundleOf: () => undefined,
  })
  return JSON.parse(applyEdits(text, edits))
}

function manifestOf({ packageName, version, needs }: TreeNode): FullManifest {
  const dependencies = Object.fromEntries(needs.map(({ name, declared }) => [name, declared]))
  const tarball = `https://registry.example/${packageName}/-/${packageName}-${version}.tgz`
  return { name: packageName, version, dependencies, dist: { integrity: INTEGRITY, tarball } }
}

function node(location: string, version: string, needs: readonly string[] = []): TreeNode {
  return {
    location,
    packageName: location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version,
    origin: 'registry',
    needs: needs.map(name => ({ name, declared: '*', range: '*', kind: 'runtime' })),
    hasInstallScript: false,
    deprecated: false,
  }
}

const entry = (name: string, version: string, more: object = {}) => ({
  version,
  resolved: `https://registry.example/${name}/-/${name}-${version}.tgz`,
  integrity: INTEGRITY,
  ...more,
})

function member(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), value)
}

/** A tool for development is also the peer of something that runs. */
const toolAsPeer = (tool: object): Project => {
  const manifest = { name: 'p', dependencies: { host: '*' }, devDependencies: { tool: '*' } }
  return {
    manifest,
    lock: {
      name: 'p',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': manifest,
        'node_modules/host': entry('host', '1.0.0', { peerDependencies: { tool: '*' } }),
        'node_modules/tool': entry('tool', '1.0.0', { ...tool, dependencies: { part: '*' } }),
        'node_modules/part': entry('part', '1.0.0', tool),
      },
    },
  }
}

test('in a lock made without peers, a new version keeps the flag that peers would take from it', () => {
  const lock = patched(toolAsPeer({ dev: true }), [node('node_modules/part', '1.0.1')])
  assert.deepEqual(member(lock, 'packages', 'node_modules/part'), entry('part', '1.0.1', { dev: true }))
})

test('in a lock made with peers, a new version follows them', () => {
  const lock = patched(toolAsPeer({}), [node('node_modules/part', '1.0.1')])
  assert.deepEqual(member(lock, 'packages', 'node_modules/part'), entry('part', '1.0.1'))
})

test('an entry that only development still needs becomes dev, and nothing else is touched', () => {
  const manifest = { name: 'p', dependencies: { a: '*' }, devDependencies: { b: '*' } }
  const packages = {
    '': manifest,
    'node_modules/a': entry('a', '1.0.0', { dependencies: { shared: '*' } }),
    'node_modules/b': entry('b', '1.0.0', { dev: true, dependencies: { shared: '*' } }),
    'node_modules/shared': entry('shared', '1.0.0'),
  }
  const lock = patched({ manifest, lock: { name: 'p', lockfileVersion: 3, requires: true, packages } }, [node('node_modules/a', '1.0.1')])
  assert.deepEqual(member(lock, 'packages'), {
    ...packages,
    'node_modules/a': entry('a', '1.0.1'),
    'node_modules/shared': entry('shared', '1.0.0', { dev: true }),
  })
})

test('a removed entry takes what is nested in it along', () => {
  const manifest = { name: 'p', dependencies: { a: '*' } }
  const packages = {
    '': manifest,
    'node_modules/a': entry('a', '1.0.0', { dependencies: { b: '*' } }),
    'node_modules/b': entry('b', '1.0.0', { dependencies: { c: '*' } }),
    'node_modules/b/node_modules/c': entry('c', '1.0.0'),
  }
  const lock = patched(
    { manifest, lock: { name: 'p', lockfileVersion: 3, requires: true, packages } },
    [node('node_modules/a', '1.0.1')],
    ['node_modules/b', 'node_modules/b/node_modules/c'],
  )
  assert.deepEqual(member(lock, 'packages'), { '': manifest, 'node_modules/a': entry('a', '1.0.1') })
})
