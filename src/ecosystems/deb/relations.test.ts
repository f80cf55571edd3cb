import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Invalid } from './control.ts'
import type { DebPackage, Relation } from './package.ts'
import { type Asker, excludes, inRange, parseRelationGroups, parseRelations, printGroup, satisfies, satisfiesGroup } from './relations.ts'

const invalid: Invalid = what => Object.assign(new Error(what), { code: 'internal', hint: '', exit: 3 } as const)
const groups = (text: string, architecture = 'amd64') => parseRelationGroups(text, architecture, invalid)
const one = (text: string): Relation => {
  const [relation] = groups(text).flat()
  assert.ok(relation)
  return relation
}
type Candidate = Pick<DebPackage, 'name' | 'version' | 'architecture' | 'multiArch' | 'provides'>
const candidate = (name: string, version: string, more: Partial<Candidate> = {}): Candidate => ({
  name,
  version,
  architecture: 'amd64',
  multiArch: 'no',
  provides: [],
  ...more,
})
const AMD64: Asker = { architecture: 'amd64', native: 'amd64' }

test('relations are read in every form that policy 7 has', () => {
  assert.deepEqual(groups('libc6 (>= 2.36), perl:any | perl6:i386 (<< 1:2~), a(=1), b (<1), c ( > 2 ) ,,'), [
    [{ name: 'libc6', operator: '>=', version: '2.36' }],
    [
      { name: 'perl', architecture: 'any' },
      { name: 'perl6', architecture: 'i386', operator: '<<', version: '1:2~' },
    ],
    [{ name: 'a', operator: '=', version: '1' }],
    [{ name: 'b', operator: '<=', version: '1' }],
    [{ name: 'c', operator: '>=', version: '2' }],
  ])
  assert.deepEqual(groups('\n a,\n b\n'), [[{ name: 'a' }], [{ name: 'b' }]])
  assert.deepEqual(groups(''), [])
})

test('architectures and build profiles take alternatives away', () => {
  const rows: readonly [string, string][] = [
    ['a [amd64]', 'a'],
    ['a [i386]', ''],
    ['a [!amd64] | b', 'b'],
    ['a [!i386 !arm64]', 'a'],
    ['a [linux-any]', 'a'],
    ['a [any-amd64] <!nocheck>', 'a'],
    ['a <stage1>', ''],
    ['a <stage1> <!cross>', 'a'],
    ['a (>= 1) [amd64] <!nocheck !cross>', 'a (>= 1)'],
  ]
  for (const [text, kept] of rows) assert.equal(groups(text).map(printGroup).join(', '), kept, text)
})

test('what is no relation is refused', () => {
  for (const text of ['a (>= )', 'a (~ 1)', 'a (>= 1', 'a b', '(>= 1)', 'a (>= 1_2)', 'a:', '-a', 'a;b', 'a (>= 1) (<< 2)'])
    assert.throws(() => groups(text), Error, text)
  assert.throws(() => parseRelations('a | b', 'amd64', invalid), /alternatives/)
  assert.throws(() => groups('a, '.repeat(70_000)), /characters/)
})

test('a version is in range by Debian’s order', () => {
  const rows: readonly [string, string, boolean][] = [
    ['1.0~rc1', 'a (<< 1.0)', true],
    ['1.0', 'a (<< 1.0)', false],
    ['0:1.0-0', 'a (= 1.0)', true],
    ['1.0+b1', 'a (>> 1.0)', true],
    ['1.0', 'a (<= 1.0)', true],
    ['1.0', 'a (>= 1.0-1)', false],
    ['anything', 'a', true],
  ]
  for (const [version, relation, expected] of rows) assert.equal(inRange(version, one(relation)), expected, `${version} ${relation}`)
})

test('a virtual package meets a need for its name, and one for a version only where it has one', () => {
  const mawk = candidate('mawk', '1.3', { provides: [{ name: 'awk' }, { name: 'fast-awk', operator: '=', version: '2.0' }] })
  const rows: readonly [string, boolean][] = [
    ['mawk (>= 1.2)', true],
    ['awk', true],
    ['awk (>= 0)', false],
    ['fast-awk (>= 1.5)', true],
    ['fast-awk (= 1.3)', false],
    ['gawk', false],
  ]
  for (const [relation, expected] of rows) assert.equal(satisfies(one(relation), mawk, AMD64), expected, relation)
  assert.equal(satisfiesGroup(groups('gawk | awk')[0] ?? [], [mawk], AMD64), true)
})

test('who serves whom across architectures', () => {
  const rows: readonly [string, string, DebPackage['multiArch'], string, boolean][] = [
    // need, the server's architecture and Multi-Arch, the asker's architecture
    ['a', 'amd64', 'no', 'amd64', true],
    ['a', 'i386', 'no', 'amd64', false],
    ['a', 'i386', 'same', 'amd64', false],
    ['a', 'i386', 'foreign', 'amd64', true],
    ['a', 'i386', 'allowed', 'amd64', false],
    ['a:any', 'i386', 'allowed', 'amd64', true],
    ['a:any', 'amd64', 'allowed', 'amd64', true],
    ['a:any', 'amd64', 'no', 'amd64', false],
    ['a:i386', 'i386', 'no', 'amd64', true],
    ['a:i386', 'amd64', 'foreign', 'amd64', false],
    ['a', 'all', 'no', 'amd64', true],
    ['a', 'all', 'no', 'i386', false],
    ['a', 'all', 'foreign', 'i386', true],
    ['a', 'amd64', 'no', 'all', true],
    ['a', 'i386', 'no', 'all', false],
  ]
  for (const [relation, architecture, multiArch, asker, expected] of rows) {
    const server = candidate('a', '1', { architecture, multiArch })
    assert.equal(
      satisfies(one(relation), server, { architecture: asker, native: 'amd64' }),
      expected,
      `${relation} ${architecture} ${multiArch} ${asker}`,
    )
  }
})

test('Breaks and Conflicts are about every architecture, and never about the package itself', () => {
  const old = candidate('a', '1', { architecture: 'i386', provides: [{ name: 'mail-agent' }] })
  assert.equal(excludes(one('a (<< 2)'), old, { name: 'b' }, 'amd64'), true)
  assert.equal(excludes(one('a (<< 1)'), old, { name: 'b' }, 'amd64'), false)
  assert.equal(excludes(one('a:amd64'), old, { name: 'b' }, 'amd64'), false)
  assert.equal(excludes(one('a:any'), old, { name: 'b' }, 'amd64'), true)
  assert.equal(excludes(one('mail-agent'), old, { name: 'b' }, 'amd64'), true)
  assert.equal(excludes(one('mail-agent'), old, { name: 'a' }, 'amd64'), false)
})
