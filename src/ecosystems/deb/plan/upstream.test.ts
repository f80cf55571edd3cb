import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineOf, releaseKind, upstreamOf } from './upstream.ts'

test('the upstream release is a version without epoch, revision and what packaging adds', () => {
  const rows = [
    ['3.0.11-1~deb12u2', '3.0.11'],
    ['5:7.0.15-1~deb12u7', '7.0.15'],
    ['2.1.28+dfsg-10+deb12u1', '2.1.28'],
    ['1.0.9-2+b6', '1.0.9'],
    ['12.4+deb12u5', '12.4'],
    ['20230311+deb12u1', '20230311'],
    ['5.6.1+really5.4.5-1', '5.4.5'],
    ['1.2-3-4', '1.2-3'],
    ['2.6.1', '2.6.1'],
  ] as const
  for (const [version, upstream] of rows) assert.equal(upstreamOf(version), upstream, version)
})

test('a fix put into the same release is a backport, anything else is a new upstream release', () => {
  assert.equal(releaseKind('3.0.11-1~deb12u1', '3.0.11-1~deb12u2'), 'backport')
  assert.equal(releaseKind('3.0.11-1~deb12u2', '3.0.14-1~deb12u1'), 'upstream')
  assert.equal(releaseKind('1.0.9-2+b6', '1.0.9-2+deb12u1'), 'backport')
  assert.equal(releaseKind('2.1.28+dfsg-10', '2.1.28+dfsg1-10+deb12u1'), 'backport')
  assert.equal(releaseKind('248+deb12u1', '248+deb12u2'), 'backport')
})

test('lines are majors, minors below one, and dates are all of one line', () => {
  const same = [
    ['3.0.11-1', '3.5.1-1'],
    ['0.9.1-1', '0.9.8-1'],
    ['20230311', '20250419~deb12u2'],
    ['2023c-5', '2026f-0+deb12u1'],
    ['r12-1', 'r13-1'],
    ['1:1.2-1', '1.9-1'],
  ] as const
  for (const [from, to] of same) assert.equal(lineOf(from), lineOf(to), `${from} ${to}`)
  for (const [from, to] of [
    ['115.1-1', '128.0-1'],
    ['0.9.1-1', '0.10.0-1'],
  ] as const)
    assert.notEqual(lineOf(from), lineOf(to), `${from} ${to}`)
})
