import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Manifest, treeOf } from '../../bench/lock-tree.ts'
import { diffLines, lineOf, measureTrees } from '../../bench/measure.ts'
import { affects, matcherOf, type OsvRecord, vulnerableRange } from '../../bench/osv.ts'

type Entries = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const root: Manifest = { name: 'project', version: '1.0.0', dependencies: { a: '^1.0.0', b: '^1.0.0' } }
const tree = (entries: Entries) => treeOf(JSON.stringify({ lockfileVersion: 3, packages: { '': root, ...entries } }), root)
const nothing = matcherOf([])

const before = tree({
  'node_modules/a': { version: '1.2.0', dependencies: { c: '^1.0.0' } },
  'node_modules/b': { version: '1.0.0', peerDependencies: { c: '^1.0.0' } },
  'node_modules/c': { version: '1.5.0' },
})

test('a project that did not change measures zero everywhere', () => {
  const {
    findingsBefore,
    findingsAfter,
    riskBefore,
    riskAfter,
    diffLines: lines,
    manifestChanged,
    ...rest
  } = measureTrees(before, before, nothing)
  assert.deepEqual([findingsBefore, findingsAfter, riskBefore, riskAfter, lines, manifestChanged], [0, 0, 0, 0, 0, false])
  for (const [name, value] of Object.entries(rest)) assert.ok(value === 0 || (Array.isArray(value) && value.length === 0), name)
})

test('a consumer that a new nested copy serves with less is named, and so is the path that went down', () => {
  const after = tree({
    'node_modules/a': { version: '1.2.0', dependencies: { c: '^1.0.0' } },
    'node_modules/a/node_modules/c': { version: '1.4.0' },
    'node_modules/b': { version: '1.0.0', peerDependencies: { c: '^1.0.0' } },
    'node_modules/c': { version: '1.5.0' },
  })
  const measured = measureTrees(before, after, nothing)
  assert.deepEqual(measured.movedDown, ['node_modules/a > c 1.5.0 → 1.4.0'])
  assert.deepEqual(measured.newVersions, ['c@1.4.0'])
  assert.deepEqual(measured.belowLowest, ['c@1.4.0'])
  assert.deepEqual([measured.entriesChanged, measured.entriesAdded, measured.entriesRemoved], [0, 1, 0])
})

test('a new major is a breaking line, breaks the peer that asked for the old one, and the need in range', () => {
  const after = tree({
    'node_modules/a': { version: '1.2.0', dependencies: { c: '^1.0.0' } },
    'node_modules/b': { version: '1.0.0', peerDependencies: { c: '^1.0.0' } },
    'node_modules/c': { version: '2.0.0' },
  })
  const measured = measureTrees(before, after, nothing)
  assert.deepEqual(measured.breakingLines, ['c 2'])
  assert.deepEqual(measured.brokenPeers, ['node_modules/b (1.0.0) needs c ^1.0.0, has 2.0.0'])
  assert.deepEqual(measured.brokenNeeds, ['node_modules/a (1.2.0) needs c ^1.0.0, has 2.0.0'])
})

test('what nothing needs any more is an orphan', () => {
  const after = tree({
    'node_modules/a': { version: '1.3.0' },
    'node_modules/b': { version: '1.0.0' },
    'node_modules/c': { version: '1.5.0' },
  })
  assert.deepEqual(measureTrees(before, after, nothing).orphans, ['node_modules/c'])
})

test('versions 1 and 3 of the same lock are the same tree', () => {
  const dependencies = {
    a: { version: '1.2.0', requires: { c: '^1.0.0' }, dependencies: { c: { version: '1.4.0' } } },
    b: { version: '1.0.0' },
  }
  const one = treeOf(JSON.stringify({ lockfileVersion: 1, dependencies }), root)
  assert.deepEqual([...one.nodes.keys()], ['', 'node_modules/a', 'node_modules/a/node_modules/c', 'node_modules/b'])
  assert.equal(one.resolve('node_modules/a', 'c')?.version, '1.4.0')
  assert.equal(one.resolve('node_modules/b', 'c'), undefined)
})

test('findings are counted once for each name@version and alias group, at the highest severity', () => {
  const range = { type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.6.0' }] }
  const affected = [{ package: { ecosystem: 'npm', name: 'c' }, ranges: [range] }]
  const records: OsvRecord[] = [
    { id: 'GHSA-1', modified: '2026-01-01T00:00:00Z', aliases: ['CVE-1'], affected, database_specific: { severity: 'MODERATE' } },
    { id: 'CVE-1', modified: '2026-01-01T00:00:00Z', affected, database_specific: { severity: 'HIGH' } },
    { id: 'CVE-2', modified: '2026-01-01T00:00:00Z', withdrawn: '2026-01-02T00:00:00Z', affected },
  ]
  const measured = measureTrees(before, before, matcherOf(records))
  assert.deepEqual([measured.findingsBefore, measured.riskBefore], [1, 30])
})

test('OSV events close at the nearest end, in whatever order they stand', () => {
  const events = [{ fixed: '1.5.0' }, { introduced: '3.7.2' }, { last_affected: '3.7.2' }, { introduced: '1.0.0' }]
  const affected = { ranges: [{ type: 'SEMVER', events }] }
  const inside = ['0.9.0', '1.0.0', '1.4.9', '1.5.0', '3.7.1', '3.7.2', '3.7.3'].filter(version => affects(affected, version))
  assert.deepEqual(inside, ['1.0.0', '1.4.9', '3.7.2'])
  assert.equal(vulnerableRange(affected), '>=3.7.2 <=3.7.2 || >=1.0.0 <1.5.0')
  assert.equal(affects({ ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.2.3' }] }] }, '1.2.3-beta.1'), true)
})

test('a line is the major, below 1 the minor, below 0.1 the patch', () => {
  assert.deepEqual(['1.2.3', '0.2.3', '0.0.3', '0.0.0'].map(lineOf), ['1', '0.2', '0.0.3', '0.0.0'])
})

test('a changed line counts as one removed and one added', () => {
  assert.equal(diffLines('a\nb\n', 'a\nc\n'), 2)
  assert.equal(diffLines('a\n', 'a\n'), 0)
})
