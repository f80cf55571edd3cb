import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchesOf, changesOf, newVersionsOf, withOnly } from './changes.ts'
import { readLocked } from './locked.ts'
import { differenceOf } from './patch.ts'
import type { Tree, TreeNode } from './tree.ts'

/** `a@1.0.0` at the root, `a/b@1.0.0` below a, each with the names it needs. */
function treeOf(...rows: readonly [place: string, needs: string][]): Tree {
  const nodes = rows.map(([place, needs]): TreeNode => {
    const at = place.lastIndexOf('@')
    const names = place.slice(0, at).split('/')
    return {
      location: names[0] === '' ? '' : names.map(name => `node_modules/${name}`).join('/'),
      packageName: names.at(-1) ?? '',
      version: place.slice(at + 1),
      origin: names[0] === '' ? 'root' : 'registry',
      needs: needs
        .split(' ')
        .filter(name => name !== '')
        .map(name => ({ name, declared: '*', range: '*', kind: 'runtime' })),
      hasInstallScript: false,
      deprecated: false,
    }
  })
  return new Map(nodes.map(node => [node.location, node]))
}

const before = treeOf(['@0.0.0', 'a b'], ['a@1.0.0', 'x'], ['b@1.0.0', 'y'], ['x@1.0.0', ''], ['y@1.0.0', ''])
const after = treeOf(['@0.0.0', 'a b'], ['a@2.0.0', 'z'], ['b@1.0.0', 'y'], ['z@1.0.0', ''], ['y@1.0.1', ''])

test('changes that hang together are one batch, others stand alone', () => {
  assert.deepEqual(batchesOf(before, after, differenceOf(before, after)), [
    ['node_modules/a', 'node_modules/x', 'node_modules/z'],
    ['node_modules/y'],
  ])
})

test('a tree with only some locations changed has the others as they were', () => {
  const tree = withOnly(before, after, ['node_modules/y'])
  assert.deepEqual(differenceOf(before, tree), { set: ['node_modules/y'], removed: [] })
  assert.equal(tree.get('node_modules/a')?.version, '1.0.0')
})

test('each change says why it is there', () => {
  const locked = readLocked(before)
  const fixed = { name: 'y', version: '1.0.0', id: 'y@1.0.0:CVE-1', group: 'CVE-1', ids: ['CVE-1'] }
  const changes = changesOf({
    locked,
    after,
    difference: differenceOf(before, after),
    fixed: [{ ...fixed, purl: 'pkg:npm/y@1.0.0', severity: 'high', locations: ['node_modules/y'] }],
    young: new Map(),
    coolDownDays: 7,
  })
  assert.deepEqual(
    changes.map(({ name, from, to, why, because, breaking }) => [name, from, to, why, because, breaking]),
    [
      ['y', '1.0.0', '1.0.1', 'fix', 'removes CVE-1', false],
      ['a', '1.0.0', '2.0.0', 'need', 'needed by the project', true],
      ['z', undefined, '1.0.0', 'need', 'needed by a 2.0.0', false],
      ['x', '1.0.0', undefined, 'orphan', 'nothing needs it here any more', false],
    ],
  )
})

test('a version that stood elsewhere in the lock is not new', () => {
  const nested = treeOf(['@0.0.0', 'a'], ['a@1.0.0', 'x'], ['a/x@2.0.0', ''], ['x@1.0.0', ''])
  const flat = treeOf(['@0.0.0', 'a'], ['a@1.0.0', 'x'], ['x@2.0.0', ''])
  assert.deepEqual(newVersionsOf(readLocked(nested), flat), [])
})
