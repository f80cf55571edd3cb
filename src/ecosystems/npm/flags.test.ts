import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildTree } from './build-tree.ts'
import { dependencyFlags } from './flags.ts'
import { readManifest } from './manifest.ts'
import { readLock } from './read-lock.ts'

interface Manifest {
  readonly [section: string]: unknown
}

/** Each location with its flags, `-` for none. */
function flagsOf(manifest: Manifest, packages: Readonly<Record<string, Manifest>>): Record<string, string> {
  const entries = Object.entries(packages).map(([location, entry]) => [location, { version: '1.0.0', ...entry }])
  const lock = JSON.stringify({ lockfileVersion: 3, packages: { '': manifest, ...Object.fromEntries(entries) } })
  const tree = buildTree(readLock('package-lock.json', lock), readManifest('package.json', JSON.stringify(manifest)))
  const printed = [...dependencyFlags(tree)].map(([location, flags]): [string, string] => [
    location,
    Object.entries(flags)
      .flatMap(([flag, set]) => (set ? [flag] : []))
      .join(' ') || '-',
  ])
  return Object.fromEntries(printed.filter(([location]) => location !== ''))
}

const loosely = (...names: string[]) => Object.fromEntries(names.map(name => [name, '*']))

test('what only development needs is dev, what both need is not', () => {
  const flags = flagsOf(
    { dependencies: loosely('a'), devDependencies: loosely('b') },
    {
      'node_modules/a': { dependencies: loosely('shared') },
      'node_modules/b': { dependencies: loosely('shared', 'own') },
      'node_modules/own': {},
      'node_modules/shared': {},
    },
  )
  assert.deepEqual(flags, { 'node_modules/a': '-', 'node_modules/b': 'dev', 'node_modules/own': 'dev', 'node_modules/shared': '-' })
})

test('what development and optional paths reach is devOptional, and so is what hangs below both', () => {
  const flags = flagsOf(
    { optionalDependencies: loosely('a'), devDependencies: loosely('b') },
    {
      'node_modules/a': { dependencies: loosely('shared') },
      'node_modules/b': { dependencies: loosely('shared') },
      'node_modules/shared': { dependencies: loosely('deep') },
      'node_modules/deep': {},
    },
  )
  assert.deepEqual(flags, {
    'node_modules/a': 'optional',
    'node_modules/b': 'dev',
    'node_modules/shared': 'devOptional',
    'node_modules/deep': 'devOptional',
  })
})

test('a peer and all below it is peer until something needs it outright', () => {
  const flags = flagsOf(
    { dependencies: loosely('plugin', 'b') },
    {
      'node_modules/plugin': { peerDependencies: loosely('host') },
      'node_modules/host': { dependencies: loosely('deep', 'shared') },
      'node_modules/deep': {},
      'node_modules/shared': {},
      'node_modules/b': { dependencies: loosely('shared') },
    },
  )
  assert.equal(flags['node_modules/host'], 'peer')
  assert.equal(flags['node_modules/deep'], 'peer')
  assert.equal(flags['node_modules/shared'], '-')
})

test('a peer that may be absent keeps nothing in the tree', () => {
  const flags = flagsOf(
    { dependencies: loosely('plugin') },
    {
      'node_modules/plugin': { peerDependencies: loosely('host'), peerDependenciesMeta: { host: { optional: true } } },
      'node_modules/host': { dependencies: loosely('deep') },
      'node_modules/deep': {},
    },
  )
  assert.match(flags['node_modules/host'] ?? '', /extraneous/)
  assert.match(flags['node_modules/deep'] ?? '', /extraneous/)
})

test('a folder that is linked for development is not a workspace, and what it needs stays dev', () => {
  const flags = flagsOf(
    { workspaces: ['packages/*'], devDependencies: { lint: 'file:./lint', host: '*' } },
    {
      lint: { name: 'lint', peerDependencies: loosely('host') },
      'node_modules/lint': { resolved: 'lint', link: true },
      'node_modules/host': {},
      'packages/a': { name: 'a', dependencies: loosely('b') },
      'node_modules/a': { resolved: 'packages/a', link: true },
      'node_modules/b': {},
    },
  )
  assert.equal(flags['node_modules/lint'], 'dev')
  assert.equal(flags['lint'], 'dev')
  assert.equal(flags['node_modules/host'], 'dev')
  assert.equal(flags['packages/a'], '-')
  assert.equal(flags['node_modules/b'], '-')
})

test('a cycle ends, and what nothing reaches is extraneous', () => {
  const flags = flagsOf(
    { dependencies: loosely('a') },
    {
      'node_modules/a': { dependencies: loosely('b') },
      'node_modules/b': { dependencies: loosely('a') },
      'node_modules/alone': { dependencies: loosely('alone') },
    },
  )
  assert.equal(flags['node_modules/a'], '-')
  assert.equal(flags['node_modules/b'], '-')
  assert.match(flags['node_modules/alone'] ?? '', /extraneous/)
})
