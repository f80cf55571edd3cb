import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRewrites } from './npm-rewrite.ts'

const v3 = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages })
const v1 = (dependencies: object) => JSON.stringify({ lockfileVersion: 1, dependencies })
const compare = (before: string, beforeByNpm: string, after: string, afterByNpm: string) =>
  compareRewrites({ before, beforeByNpm, after, afterByNpm, file: 'package-lock.json' })

test('the order of keys is no rewrite', () => {
  const a = v3({ a: { version: '1', license: 'MIT' }, b: { version: '1' } })
  const b = v3({ b: { version: '1' }, a: { license: 'MIT', version: '1' } })
  assert.deepEqual(compare(a, b, a, b), { before: 0, beyond: [] })
})

test('npm may do to a patched entry what it does elsewhere in the original, and to others only what it did to them', () => {
  const before = v3({ a: { version: '1' }, b: { version: '1' }, c: { version: '1' } })
  const beforeByNpm = v3({ a: { version: '1', peer: true }, b: { version: '1' }, c: { version: '1' } })
  const after = v3({ a: { version: '1' }, b: { version: '2' }, c: { version: '1' } })
  const patched = v3({ a: { version: '1', peer: true }, b: { version: '2', peer: true }, c: { version: '1' } })
  assert.deepEqual(compare(before, beforeByNpm, after, patched), { before: 1, beyond: [] })
  const moved = v3({ a: { version: '1', peer: true }, b: { version: '3' }, c: { version: '1', peer: true }, d: {} })
  assert.deepEqual(compare(before, beforeByNpm, after, moved).beyond, ['"b": version changed', '"c": peer added', '"d": added'])
})

test('npm may drop a bundled entry where it drops others, never one that it ought to keep', () => {
  const bundle = { version: '1', bundled: true }
  const before = v1({ fsevents: { version: '1.2.4', dependencies: { old: bundle } } })
  const beforeByNpm = v1({ fsevents: { version: '1.2.4' } })
  const after = (dependencies: object) => v1({ fsevents: { version: '1.2.13', dependencies } })
  const afterByNpm = v1({ fsevents: { version: '1.2.13' } })
  assert.deepEqual(compare(before, beforeByNpm, after({ new: bundle }), afterByNpm).beyond, [])
  assert.deepEqual(compare(before, beforeByNpm, after({ new: { version: '1' } }), afterByNpm).beyond, ['fsevents > new: removed'])
})

test('npm may add flags that the npm of the lock did not know, where reachability changed', () => {
  const before = v1({ a: { version: '1' }, b: { version: '1' } })
  const after = v1({ a: { version: '2' }, b: { version: '1' } })
  const afterByNpm = v1({ a: { version: '2' }, b: { version: '1', peer: true } })
  assert.deepEqual(compare(before, before, after, afterByNpm).beyond, [])
  const knows = v1({ a: { version: '1', peer: true }, b: { version: '1' } })
  const knowsAfter = v1({ a: { version: '2', peer: true }, b: { version: '1' } })
  const knowsByNpm = v1({ a: { version: '2', peer: true }, b: { version: '1', peer: true } })
  assert.deepEqual(compare(knows, knows, knowsAfter, knowsByNpm).beyond, ['b: peer added'])
})

test('npm may repeat the whole tree below a link to the project itself, where it did so before', () => {
  const lock = (version: string, copied?: object) =>
    v1({ p: { version: 'file:', ...(copied === undefined ? {} : { dependencies: copied }) }, a: { version } })
  const before = lock('1')
  const beforeByNpm = lock('1', { a: { version: '1' } })
  const afterByNpm = v1({ p: { version: 'file:', dependencies: { a: { version: '2' }, b: { version: '1' } } }, a: { version: '2' } })
  assert.deepEqual(compare(before, beforeByNpm, lock('2'), afterByNpm).beyond, [])
  assert.deepEqual(compare(before, before, lock('2'), afterByNpm).beyond, ['p > a: added', 'p > b: added'])
})

test('names that reach a prototype are names', () => {
  const lock = (version: string) => `{"packages":{"__proto__":{"version":"${version}","constructor":{"__proto__":1}}}}`
  assert.deepEqual(compare(lock('1'), lock('1'), lock('2'), lock('3')).beyond, ['"__proto__": version changed'])
})
