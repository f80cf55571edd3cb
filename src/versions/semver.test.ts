import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { schemeOf } from './schemes.ts'
import { semver } from './semver.ts'

test('versions sort as the example in section 11 of Semantic Versioning 2.0', () => {
  const ascending = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '2.0.0',
    '2.1.0',
    '2.1.1',
  ]
  ascending.forEach((a, i) => {
    ascending.forEach((b, j) => {
      assert.equal(Math.sign(semver.compare(a, b)), Math.sign(i - j), `${a} ${b}`)
    })
  })
})

test('build metadata does not count', () => {
  assert.equal(semver.compare('1.0.0+20130313144700', '1.0.0+incompatible'), 0)
})

test('what is not exactly a semantic version is not valid', () => {
  for (const version of [
    '',
    '1',
    '1.2',
    'v1.2.3',
    '=1.2.3',
    ' 1.2.3',
    '1.2.3 ',
    '1.2.3.4',
    '01.2.3',
    '1.2.3-01',
    '1.2.3-',
    '99999999999999999999.0.0',
    '1.x.0',
    'latest',
  ]) {
    assert.equal(semver.valid(version), false, JSON.stringify(version))
  }
  for (const version of ['0.0.0', '1.2.3-0', '2.1.0-M1', '1.0.0--.-', '1.2.3+a.b']) assert.equal(semver.valid(version), true, version)
  assert.throws(() => semver.compare('1', '1.0.0'), TypeError)
})

test('the end of a range may leave out its last parts', () => {
  assert.equal(semver.bound('8.0'), '8.0.0')
  assert.equal(semver.bound('8'), '8.0.0')
  assert.equal(semver.bound('8.0.1-beta'), '8.0.1-beta')
  for (const text of ['v8.0.0', '8.0.0.1', '8.x', '', '*']) assert.equal(semver.bound(text), undefined, text)
})

test('comparison is a total order over valid versions', () => {
  const part = fc.integer({ min: 0, max: 3 })
  const identifier = fc.oneof(part.map(String), fc.constantFrom('alpha', 'beta', 'rc', '-'))
  const version = fc
    .tuple(part, part, part, fc.array(identifier, { maxLength: 3 }))
    .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre.length > 0 ? `-${pre.join('.')}` : ''}`)
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(Math.sign(semver.compare(a, b)), -Math.sign(semver.compare(b, a)) + 0)
      if (semver.compare(a, b) <= 0 && semver.compare(b, c) <= 0) assert.ok(semver.compare(a, c) <= 0)
    }),
  )
})

test('an ecosystem without a known order has no scheme', () => {
  assert.equal(schemeOf('npm'), semver)
  assert.equal(schemeOf('npm:private'), semver)
  assert.equal(schemeOf('Packagist'), undefined)
  assert.equal(schemeOf('__proto__'), undefined)
})
