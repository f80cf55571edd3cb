import assert from 'node:assert/strict'
import { test } from 'node:test'
import { treeOf } from '../../bench/lock-tree.ts'
import { findingsOf, measureTrees } from '../../bench/measure.ts'
import { matcherOf } from '../../bench/osv.ts'
import { STANDARD, synthesise } from '../../bench/synthetic.ts'

const size = { ...STANDARD, packages: 240, versions: 12, roots: 40, vulnerable: 10, decoys: 12 }

test('the same seed gives the same synthetic project, another seed another', () => {
  assert.equal(synthesise(size).lockText, synthesise(size).lockText)
  assert.notEqual(synthesise(size).lockText, synthesise({ ...size, seed: 2 }).lockText)
})

test('every need of a synthetic lock is served where a walk up the folders finds it, in range, and nothing is an orphan', () => {
  for (const seed of [1, 2, 3]) {
    const made = synthesise({ ...size, seed })
    const tree = treeOf(made.lockText, made.lock.manifest)
    for (const need of made.lock.needs) assert.equal(tree.resolve(need.consumer, need.name)?.path, need.served)
    const measured = measureTrees(treeOf('{"lockfileVersion":3,"packages":{}}', {}), tree, matcherOf([]))
    assert.deepEqual(measured.brokenNeeds, [])
    assert.deepEqual(measured.orphans, [])
  }
})

test('as many packages are vulnerable as asked, and a decoy affects nothing that is locked', () => {
  const made = synthesise(size)
  const tree = treeOf(made.lockText, made.lock.manifest)
  const names = new Set([...findingsOf(tree, matcherOf(made.advisories)).keys()].map(id => id.slice(0, id.indexOf('@'))))
  assert.equal(names.size, 10)
  assert.equal(made.advisories.length, 22)
  assert.equal(findingsOf(tree, matcherOf(made.advisories.slice(10))).size, 0)
})
