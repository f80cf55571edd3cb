import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildTree } from './build-tree.ts'
import { readManifest } from './manifest.ts'
import { readLock } from './read-lock.ts'
import { gapsIn, outOfStep } from './repair.ts'
import { stepNotes } from './step-notes.ts'

const LOCK = {
  lockfileVersion: 3,
  packages: {
    '': { dependencies: { watcher: '^1.0.0' } },
    'node_modules/watcher': { version: '1.0.0', optionalDependencies: { platform: '~2.3.1' }, peerDependencies: { host: '*' } },
  },
}

function notesFor(range: string): readonly string[] {
  const manifest = readManifest('package.json', JSON.stringify({ dependencies: { watcher: range } }))
  const tree = buildTree(readLock('package-lock.json', JSON.stringify(LOCK)), manifest)
  return stepNotes({ tree, repaired: [], left: gapsIn(tree), outOfStep: outOfStep(tree) })
}

test('a lock that npm ci would refuse is named with what it lacks and what completes it; an absent peer is no gap', () => {
  assert.deepEqual(notesFor('^1.0.0'), [
    'The lock lacks platform ~2.3.1, which watcher 1.0.0 asks for, so npm ci refuses it, with a fix or without; npm install --package-lock-only completes it.',
  ])
})

test('a direct dependency that the lock serves out of range is named', () => {
  assert.equal(
    notesFor('^2.0.0').at(-1),
    'The lock is out of step with the project: package.json asks for watcher ^2.0.0 and the lock has 1.0.0. npm ci refuses it until npm install has been run.',
  )
})
