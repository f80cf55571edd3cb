import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { maven } from './maven.ts'
import { python } from './python.ts'
import type { VersionScheme } from './scheme.ts'
import { schemeOf } from './schemes.ts'
import { cargo, go } from './semantic.ts'

/** Each row sorts before the next; versions in one row are the same version. */
function assertOrder(scheme: VersionScheme, rows: readonly (string | readonly string[])[]): void {
  const flat = rows.flatMap((row, rank) => (typeof row === 'string' ? [row] : row).map(version => ({ version, rank })))
  for (const { version, rank } of flat) {
    assert.equal(scheme.valid(version), true, version)
    for (const other of flat)
      assert.equal(Math.sign(scheme.compare(version, other.version)), Math.sign(rank - other.rank), `${version} ${other.version}`)
  }
}

function assertTotalOrder(scheme: VersionScheme, version: fc.Arbitrary<string>): void {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(scheme.valid(a), true, a)
      assert.equal(scheme.compare(a, a), 0)
      assert.equal(Math.sign(scheme.compare(a, b)), -Math.sign(scheme.compare(b, a)) + 0)
      if (scheme.compare(a, b) <= 0 && scheme.compare(b, c) <= 0) assert.ok(scheme.compare(a, c) <= 0)
      if (scheme.compare(a, b) === 0) assert.equal(Math.sign(scheme.compare(a, c)), Math.sign(scheme.compare(b, c)))
    }),
    { numRuns: 2000 },
  )
}

test('Python versions sort as the specification’s own examples say', () => {
  assertOrder(python, [
    '1.dev0',
    '1.0.dev456',
    '1.0a1',
    '1.0a2.dev456',
    '1.0a12.dev456',
    '1.0a12',
    '1.0b1.dev456',
    '1.0b2',
    '1.0b2.post345.dev456',
    '1.0b2.post345',
    '1.0rc1.dev456',
    '1.0rc1',
    ['1.0', '1', '1.0.0'],
    '1.0+abc.5',
    '1.0+abc.7',
    '1.0+5',
    '1.0.post456.dev34',
    '1.0.post456',
    '1.0.15',
    '1.1.dev1',
    '1!0.1',
  ])
})

test('every spelling of a Python version that the specification allows is the same version', () => {
  assertOrder(python, [
    ['1.0.dev0', '1.0dev', '1.0-dev', '1.0_DEV_0'],
    ['1.1a1', '1.1.a1', '1.1-A-1', '1.1alpha1', 'v1.1_alpha.1'],
    ['1.1b0', '1.1beta', '1.1.beta0'],
    ['1.1rc1', '1.1c1', '1.1pre1', '1.1.preview_1', ' 1.1-rc.1 '],
    ['1.1', '01.01.0'],
    ['1.1+ubuntu.1', '1.1+Ubuntu-1', '1.1+ubuntu_1'],
    ['1.2.post2', '1.2-2', '1.2post2', '1.2-r2', '1.2.rev.2'],
    ['100000000000000000000.0', '100000000000000000000'],
    '100000000000000000001',
  ])
})

test('what is no Python version is not ordered', () => {
  for (const text of ['', 'a', '1.0-', '1..0', '1.0+', '1.0+a+b', '1.0 beta', '1!', '2004d-x', '1.0x1', '1'.repeat(300)]) {
    assert.equal(python.valid(text), false, text)
    assert.equal(python.bound(text), undefined, text)
  }
  assert.throws(() => python.compare('2004d-x', '1'), TypeError)
})

test('Maven versions sort as its reference says', () => {
  assertOrder(maven, [
    ['1-alpha-1', '1-a1', '1.0.ALPHA1', '1alpha1'],
    '1-alpha-1.1',
    '1-b2',
    '1-milestone2',
    '1-m11',
    '1-rc',
    ['1-cr2', '1-rc2', '1.0-RC-2'],
    '1-rc123',
    ['1-SNAPSHOT', '1.0.snapshot'],
    ['1', '1.0', '1.0.0', '1.', '1-', '1.ga', '1-ga', '1-0', '1.final', '1.0.0.RELEASE', '1.0.0-0.0.0'],
    '1-ga.1',
    '1-sp',
    '1-sp-1',
    '1-sp.1',
    '1-a',
    ['1.foo', '1-foo', '1.0.0-foo.0.0'],
    '1-foo2',
    '1-foo10',
    '1-1-snapshot',
    ['1-1', '1-ga-1', '1.0-1'],
    '1-2',
    '1.0.1',
    '1.1-a',
    '1.1-1',
    '1.1.0.1',
    '1.2',
    '1.123',
    '1.20200101000000000000000000',
    '2',
  ])
  assert.equal(maven.compare('1-1.foo-bar1baz-.1', '1-1.foo-bar-1-baz-0.1'), 0)
  assert.ok(maven.compare('2.9.10.7', '2.9.10.8') < 0)
  assert.ok(maven.compare('31.1-android', '31.1-jre') < 0)
  assert.ok(maven.compare('4.1.0.RC1', '4.1.0') < 0)
  for (const text of ['', '1 2', 'é', '1'.repeat(300)]) assert.equal(maven.valid(text), false, text)
})

test('Go versions sort with and without their letter, pseudo-versions as pre-releases, by numbers of any size', () => {
  assertOrder(go, [
    ['v0.0.0-20180101000000-000000000000', '0.0.0-20180101000000-000000000000'],
    'v0.0.0-20210101000000-abcdefabcdef',
    'v0.0.0',
    'v1.2.3-0.20200101000000-abcdefabcdef',
    'v1.2.3-pre',
    'v1.2.3-pre.0.20200101000000-abcdefabcdef',
    ['v1.2.3', '1.2.3'],
    ['v2.0.0+incompatible', '2.0.0'],
    'v99999999999999999999.0.0',
  ])
  assert.equal(go.bound('1.18'), '1.18.0')
  assert.equal(go.bound('v1'), 'v1.0.0')
  for (const text of ['', 'go1.18', '1.18', 'v1.02.3', '1.2.3.4', '1.2.3-', '1.2.3-01', 'vv1.2.3'])
    assert.equal(go.valid(text), false, text)
})

test('crates sort as Semantic Versioning says, and only whole versions are versions', () => {
  assertOrder(cargo, [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    ['1.0.0', '1.0.0+build.5', '1.0.0+other'],
    '2.0.0',
    '2.1.0',
    '2.1.1',
    '18446744073709551616.0.0',
  ])
  assert.equal(cargo.bound('0.0.0-0'), '0.0.0-0')
  assert.equal(cargo.bound('1'), '1.0.0')
  for (const text of ['v1.0.0', '1.0', '01.0.0', '1.0.0-a..b']) assert.equal(cargo.valid(text), false, text)
})

test('each language’s order is total over valid versions', () => {
  const number = fc.constantFrom('0', '1', '2', '10', '9007199254740993')
  const suffix = fc.constantFrom('', 'a1', '.b2', 'rc1', '.post1', '-1', '.dev0', 'a1.dev2', '.post1.dev0', '+1', '+a.1', '+b')
  assertTotalOrder(
    python,
    fc
      .tuple(fc.constantFrom('', '0!', '1!'), fc.array(number, { minLength: 1, maxLength: 3 }), suffix)
      .map(([e, r, s]) => e + r.join('.') + s),
  )
  const piece = fc.constantFrom('0', '1', '2', 'a', 'm', 'alpha', 'rc', 'ga', 'final', 'sp', 'snapshot', 'foo', '')
  const joint = fc.constantFrom('.', '-', '')
  assertTotalOrder(
    maven,
    fc.array(fc.tuple(piece, joint), { minLength: 1, maxLength: 6 }).map(parts => parts.flat().join('') || '0'),
  )
  const pre = fc
    .array(fc.constantFrom('0', '1', '11', 'a', 'B', '-', '0a'), { maxLength: 3 })
    .map(ids => (ids.length === 0 ? '' : `-${ids.join('.')}`))
  const whole = fc.tuple(number, number, number, pre).map(([x, y, z, ids]) => `${x}.${y}.${z}${ids}`)
  assertTotalOrder(cargo, whole)
  assertTotalOrder(
    go,
    fc.tuple(fc.constantFrom('', 'v'), whole).map(parts => parts.join('')),
  )
})

test('ecosystems have the order of their language, whatever repository follows', () => {
  for (const [ecosystem, scheme] of [
    ['PyPI', python],
    ['Maven', maven],
    ['Maven:https://maven.example', maven],
    ['Go', go],
    ['crates.io', cargo],
  ] as const)
    assert.equal(schemeOf(ecosystem), scheme, ecosystem)
})
