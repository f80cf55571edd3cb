import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { deb } from './deb.ts'
import { ecosystemsThatCover, schemeOf } from './schemes.ts'

test('Debian versions sort as policy 5.6.12 says', () => {
  const ascending = [
    '~~',
    '~~a',
    '~',
    '0',
    '1.0~beta1~svn1245',
    '1.0~beta1',
    '1.0~rc1-1',
    '1.0',
    '1.0-0+b1',
    '1.0-1~bpo12+1',
    '1.0-1',
    '1.0-1+b1',
    '1.0-1+deb12u1',
    '1.0-1+deb12u2',
    '1.0-1+deb12u10',
    '1.0-1.1',
    '1.0-2',
    '1.0a-1',
    '1.0+dfsg-1',
    '1.0.1-1',
    '1.0.09-1',
    '1.0.10-1',
    '1.00.11-1',
    '2.0-1',
    '100000000000000000000000000000000-1',
    '100000000000000000000000000000001-1',
    '1:0.1-1',
    '1:1.0-1-1',
    '1:1.0-1.0:2-1',
    '2:0',
  ]
  ascending.forEach((a, i) => {
    ascending.forEach((b, j) => {
      assert.equal(Math.sign(deb.compare(a, b)), Math.sign(i - j), `${a} ${b}`)
    })
  })
})

test('an absent epoch or revision is zero, and leading zeros do not count', () => {
  for (const [a, b] of [
    ['1.0', '0:1.0'],
    ['1.0', '1.0-0'],
    ['1.0-1', '1.00-01'],
    ['1.a', '1.a0'],
  ] as const)
    assert.equal(deb.compare(a, b), 0, `${a} ${b}`)
})

test('the revision starts at the last hyphen', () => {
  assert.ok(deb.compare('1.0-1-1', '1.0-1') > 0)
  assert.ok(deb.compare('5.10~rc1-2-3', '5.10~rc1-2-10') < 0)
})

test('what dpkg refuses to read is not a version', () => {
  for (const text of [
    '',
    ' 1',
    '1 ',
    '1_2',
    'a:1',
    ':1',
    '1:',
    '1-',
    '-1',
    '9999999999:1',
    '1/2',
    '<unfixed>',
    '1:2:é',
    '1.0:2',
    '1'.repeat(300),
  ]) {
    assert.equal(deb.valid(text), false, JSON.stringify(text))
    assert.equal(deb.bound(text), undefined, JSON.stringify(text))
  }
  for (const text of ['1', '0:0-0', '1.2-3-4', '1:2:3-4', '2.36-9+deb12u13', '1~', '1.0+~cs5.6']) assert.equal(deb.valid(text), true, text)
  assert.throws(() => deb.compare('1_2', '1'), TypeError)
})

test('comparison is a total order over valid versions', () => {
  const text = fc.stringMatching(/^[0-2a-bZ.+~]{1,5}$/)
  const version = fc
    .tuple(fc.constantFrom('', '0:', '1:'), text, fc.option(text, { nil: undefined }))
    .map(([epoch, upstream, revision]) => epoch + upstream + (revision === undefined ? '' : `-${revision}`))
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(deb.valid(a), true)
      assert.equal(Math.sign(deb.compare(a, b)), -Math.sign(deb.compare(b, a)) + 0)
      if (deb.compare(a, b) <= 0 && deb.compare(b, c) <= 0) assert.ok(deb.compare(a, c) <= 0)
      if (deb.compare(a, b) === 0) assert.equal(Math.sign(deb.compare(a, c)), Math.sign(deb.compare(b, c)))
    }),
    { numRuns: 1000 },
  )
})

test('Debian and Ubuntu use this order, whatever release follows', () => {
  for (const ecosystem of ['Debian', 'Debian:12', 'Ubuntu', 'Ubuntu:22.04:LTS', 'Ubuntu:Pro:18.04:LTS'])
    assert.equal(schemeOf(ecosystem), deb)
})

test('a record without a release is about every release; one of Maven without a repository is about one of them', () => {
  assert.deepEqual(ecosystemsThatCover('Debian:12'), ['Debian:12', 'Debian'])
  assert.deepEqual(ecosystemsThatCover('Ubuntu:22.04:LTS'), ['Ubuntu:22.04:LTS', 'Ubuntu'])
  assert.deepEqual(ecosystemsThatCover('Debian'), ['Debian'])
  assert.deepEqual(ecosystemsThatCover('npm'), ['npm'])
  assert.deepEqual(ecosystemsThatCover('Maven:https://maven.example'), ['Maven:https://maven.example'])
})
