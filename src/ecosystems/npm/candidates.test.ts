import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VersionFacts } from '../../model/catalogue.ts'
import { DEFAULT_POLICY } from '../../model/policy.ts'
import { type CandidateRules, candidates } from './candidates.ts'

const RULES: CandidateRules = { policy: DEFAULT_POLICY, node: undefined, now: new Date('2026-01-10T00:00:00Z'), needsIntegrity: true }

function admitted(versions: readonly VersionFacts[], locked: readonly string[], rules: Partial<CandidateRules> = {}): string[] {
  const of = { name: 'a', versions: versions.map(facts => ({ integrity: 'sha512-x', ...facts })), tags: {} }
  return candidates(of, locked, { ...RULES, ...rules }).map(({ facts }) => facts.version)
}

test('nothing below the lowest locked version enters, and nothing that is there already', () => {
  assert.deepEqual(admitted([{ version: '1.0.0' }, { version: '1.1.0' }, { version: '1.2.0' }], ['1.1.0']), ['1.2.0'])
})

test('pre-releases and deprecated versions enter only where the lock has one of the package', () => {
  const versions: VersionFacts[] = [
    { version: '1.0.0' },
    { version: '1.1.0-rc.1' },
    { version: '1.2.0', deprecated: true },
    { version: '1.3.0' },
  ]
  assert.deepEqual(admitted(versions, ['1.0.0']), ['1.3.0'])
  assert.deepEqual(admitted([{ version: '1.0.0', deprecated: true }, ...versions.slice(1)], ['1.0.0']), ['1.2.0', '1.3.0'])
})

test('a version that no Node.js of the project runs does not enter', () => {
  const versions: VersionFacts[] = [{ version: '1.0.0' }, { version: '1.1.0', node: '>=18' }, { version: '1.2.0', node: '>=12' }]
  assert.deepEqual(admitted(versions, ['1.0.0'], { node: '^14.0.0' }), ['1.2.0'])
  assert.deepEqual(admitted(versions, ['1.0.0']), ['1.1.0', '1.2.0'])
})

test('npm’s own limit on dates holds for what enters, and what has no date is not in time', () => {
  const versions: VersionFacts[] = [
    { version: '1.0.0' },
    { version: '1.1.0', published: '2025-12-01T00:00:00Z' },
    { version: '1.2.0', published: '2026-01-02T00:00:00Z' },
    { version: '1.3.0' },
  ]
  assert.deepEqual(admitted(versions, ['1.0.0'], { before: new Date('2026-01-01T00:00:00Z') }), ['1.1.0'])
})

test('the cool-down keeps young versions out unless security fixes are excepted', () => {
  const versions: VersionFacts[] = [{ version: '1.0.0' }, { version: '1.1.0', published: '2026-01-09T00:00:00Z' }]
  const strict = { ...DEFAULT_POLICY, coolDown: { days: 7, exceptSecurity: false } }
  assert.deepEqual(admitted(versions, ['1.0.0'], { policy: strict }), [])
  assert.deepEqual(admitted(versions, ['1.0.0'], { policy: { ...strict, coolDown: { days: 7, exceptSecurity: true } } }), ['1.1.0'])
})

test('held packages offer nothing, and pins bound what is offered', () => {
  const versions: VersionFacts[] = [{ version: '1.0.0' }, { version: '1.1.0' }, { version: '2.0.0' }]
  assert.deepEqual(admitted(versions, ['1.0.0'], { policy: { ...DEFAULT_POLICY, hold: ['a'] } }), [])
  assert.deepEqual(admitted(versions, ['1.0.0'], { policy: { ...DEFAULT_POLICY, pin: { a: '^1.0.0' } } }), ['1.1.0'])
})

test('of versions that bundle others only the newest of each line counts', () => {
  const versions: VersionFacts[] = [
    { version: '1.0.0' },
    { version: '1.1.0', bundled: ['b'] },
    { version: '1.2.0', bundled: ['b'] },
    { version: '2.0.0', bundled: ['b'] },
  ]
  assert.deepEqual(admitted(versions, ['1.0.0']), ['1.2.0', '2.0.0'])
})
