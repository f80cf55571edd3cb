import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workspaceFolders } from './workspaces.ts'

const ROWS: readonly [patterns: string[], folder: string, within: boolean][] = [
  [['packages/*'], 'packages/a', true],
  [['packages/*'], 'packages/a/b', false],
  [['packages/*'], 'eslint-plugin', false],
  [['packages/*/'], 'packages/a', true],
  [['./packages/a'], 'packages/a', true],
  [['packages/**'], 'packages/a/b', true],
  [['**/lib-*'], 'deep/down/lib-x', true],
  [['packages/{a,b}'], 'packages/b', true],
  [['packages/{a,b}'], 'packages/c', false],
  [['packages/*', '!packages/old'], 'packages/old', false],
  [['packages/*', '!packages/old'], 'packages/new', true],
  [['packages/?'], 'packages/ab', false],
  [['packages/@*'], 'packages/@scope', true],
  [[], 'packages/a', false],
]

test('a folder is a workspace where the patterns say so', () => {
  for (const [patterns, folder, within] of ROWS)
    assert.equal(workspaceFolders(patterns)(folder), within, `${patterns.join(' ')} and ${folder}`)
})

test('a pattern made to take long does not', () => {
  const pattern = `packages/${'*a'.repeat(2_000)}b`
  assert.equal(workspaceFolders([pattern])(`packages/${'a'.repeat(5_000)}`), false)
})
