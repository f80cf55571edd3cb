import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildTree } from './build-tree.ts'
import { expiredOverrides } from './expired-overrides.ts'
import { readLocked } from './locked.ts'
import { readManifest } from './manifest.ts'
import { readLock } from './read-lock.ts'

const manifest = readManifest(
  'package.json',
  JSON.stringify({ dependencies: { parent: '^1.0.0' }, overrides: { parent: { leaf: '2.1.0' } } }),
)

function lockWith(range: string) {
  const packages = {
    '': { dependencies: { parent: '^1.0.0' } },
    'node_modules/parent': { version: '1.0.0', dependencies: { leaf: range } },
    'node_modules/leaf': { version: '2.1.0' },
  }
  return readLock('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages }))
}

test('an override holds as long as the package itself refuses the version', () => {
  assert.deepEqual(expiredOverrides(readLocked(buildTree(lockWith('^1.0.0'), manifest)), manifest.overrides), [])
})

test('an override expires once the package accepts the version by itself', () => {
  assert.equal(expiredOverrides(readLocked(buildTree(lockWith('^2.0.0'), manifest)), manifest.overrides).length, 1)
})
