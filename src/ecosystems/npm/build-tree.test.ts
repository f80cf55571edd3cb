import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildTree } from './build-tree.ts'
import { readManifest } from './manifest.ts'
import { readLock } from './read-lock.ts'

const MANIFEST = readManifest('package.json', JSON.stringify({ dependencies: { server: '^1.0.0' } }))

/** The range that holds for `leaf` in a version 1 lock that requires `own`, where the registry says `published`. */
function rangeOfLeaf(own: string, published: string): string | undefined {
  const lock = {
    lockfileVersion: 1,
    dependencies: { server: { version: '1.0.0', requires: { leaf: own } }, leaf: { version: '0.17.1' } },
  }
  const tree = buildTree(readLock('package-lock.json', JSON.stringify(lock)), MANIFEST, name =>
    name === 'server' ? { version: '1.0.0', dependencies: { leaf: published } } : undefined,
  )
  return tree.get('node_modules/server')?.needs.find(({ name }) => name === 'leaf')?.range
}

test('in a version 1 lock the registry’s range goes before a copy of the installed version', () => {
  assert.equal(rangeOfLeaf('0.17.1', '^0.17.0'), '^0.17.0')
})

test('where the registry says a tag, the lock’s own range holds, unless it is such a copy', () => {
  assert.equal(rangeOfLeaf('^0.17.1', 'latest'), '^0.17.1')
  assert.equal(rangeOfLeaf('0.17.1', 'latest'), 'latest')
  assert.equal(rangeOfLeaf('latest', 'latest'), 'latest')
})
