import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { semver } from '../versions/semver.ts'
import type { OsvEvent } from './osv.ts'
import { includes, intervalsOf } from './ranges.ts'

/** `introduced 1.0.0, fixed 2.0.0` → events. */
function events(text: string): OsvEvent[] {
  return text.split(', ').map(part => {
    const [kind = '', version = ''] = part.split(' ')
    assert.ok(kind === 'introduced' || kind === 'fixed' || kind === 'last_affected' || kind === 'limit', part)
    return { kind, version }
  })
}

function affected(range: string, version: string): boolean {
  return includes(intervalsOf(events(range), semver), version, semver)
}

const ROWS: readonly [range: string, inside: string, outside: string][] = [
  ['introduced 0', '0.0.0-0 0.0.0 1.0.0 999.0.0', ''],
  ['introduced 1.0.0', '1.0.0 1.0.1-alpha 2.0.0', '0.9.9 1.0.0-rc.1'],
  ['introduced 0, fixed 1.2.3', '0.0.1 1.2.2 1.2.3-beta 1.2.3-0', '1.2.3 1.2.3+build 1.2.4'],
  ['introduced 1.0.0, fixed 1.0.2, introduced 3.0.0, fixed 3.2.5', '1.0.0 1.0.1 3.0.0 3.2.4', '0.9.0 1.0.2 2.0.0 3.0.0-rc.1 3.2.5 4.0.0'],
  ['introduced 0, last_affected 2.1.214', '0.0.0 2.1.214', '2.1.215 2.1.215-0 3.0.0'],
  ['introduced 3.7.2, last_affected 3.7.2', '3.7.2', '3.7.1 3.7.3 4.0.0 3.7.2-rc.1'],
  ['last_affected 3.7.2, introduced 3.7.2', '3.7.2', '3.7.1 3.7.3 4.0.0'],
  [
    'introduced 2.1.0-M1, last_affected 2.1.0-M1, introduced 2.1.0-M2, last_affected 2.1.0-M2',
    '2.1.0-M1 2.1.0-M2',
    '2.1.0 2.1.0-M1.1 2.1.0-M3',
  ],
  ['introduced 0, fixed 3.1.1, introduced 3.2.0, fixed 3.2.2, introduced 3.1.1, fixed 3.1.3', '3.1.0 3.1.1 3.1.2 3.2.1', '3.1.3 3.2.2'],
  ['introduced 1.0.0, last_affected 2.0.0, introduced 2.0.0, fixed 3.0.0', '1.0.0 2.0.0 2.5.0', '3.0.0'],
  ['introduced 1.0.0, fixed 1.0.0', '', '0.9.0 1.0.0 1.0.1'],
  ['introduced 0, introduced 1.0.0, fixed 2.0.0', '0.5.0 1.5.0', '2.0.0'],
  ['introduced 0, fixed 1.0.0, fixed 2.0.0', '0.9.0', '1.0.0 1.5.0 2.0.0'],
  ['fixed 1.0.0', '', '0.9.0 1.0.0'],
  ['introduced 0, limit 2.0.0', '0.1.0 1.9.9 2.0.0-rc.1', '2.0.0 3.0.0'],
  ['introduced 0, limit 2.0.0, limit 3.0.0', '1.0.0 2.5.0', '3.0.0'],
  ['introduced 0, limit *, fixed 4.0.0', '3.0.0', '4.0.0'],
  ['introduced 0, limit 2.0.0, limit *', '5.0.0', ''],
  ['introduced 0, fixed 8.0', '7.9.9 8.0.0-rc.1', '8.0.0'],
  ['introduced 10.3, fixed 11.0.0', '10.3.0', '10.2.9'],
  ['introduced 0, fixed next', '', '0.1.0 1.0.0'],
]

test('ranges include what OSV’s evaluation rules say', () => {
  for (const [range, inside, outside] of ROWS) {
    for (const version of inside.split(' ').filter(Boolean)) assert.equal(affected(range, version), true, `${version} in ${range}`)
    for (const version of outside.split(' ').filter(Boolean)) assert.equal(affected(range, version), false, `${version} not in ${range}`)
  }
})

const version = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom('', '-0', '-rc.1')).map(([minor, pre]) => `1.${minor}.0${pre}`)
const event: fc.Arbitrary<OsvEvent> = fc.oneof(
  fc.record({ kind: fc.constantFrom('introduced', 'fixed', 'last_affected'), version }),
  fc.constant<OsvEvent>({ kind: 'introduced', version: '0' }),
)

test('the order of events does not matter', () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 8 }).chain(list => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      version,
      ([list, shuffled], asked) => {
        assert.equal(includes(intervalsOf(shuffled, semver), asked, semver), includes(intervalsOf(list, semver), asked, semver))
      },
    ),
  )
})

test('where no two events meet at one version, the answer is that of the schema’s own pseudo-code', () => {
  const distinct = fc.uniqueArray(event, { maxLength: 8, selector: ({ version }) => version })
  fc.assert(
    fc.property(distinct, fc.array(version, { maxLength: 2 }), version, (list, limits, asked) => {
      const range = [...list, ...limits.map((version): OsvEvent => ({ kind: 'limit', version }))]
      assert.equal(includes(intervalsOf(range, semver), asked, semver), pseudoCode(range, asked))
    }),
    { numRuns: 500 },
  )
})

/** OSV schema, "Evaluation", line by line. */
function pseudoCode(range: readonly OsvEvent[], asked: string): boolean {
  const limits = range.filter(({ kind }) => kind === 'limit')
  if (limits.length > 0 && !limits.some(({ version }) => semver.compare(asked, version) < 0)) return false
  const least = (version: string): string => (version === '0' ? '0.0.0-0' : version)
  let vulnerable = false
  for (const { kind, version } of [...range].sort((a, b) => semver.compare(least(a.version), least(b.version)))) {
    const order = semver.compare(asked, least(version))
    if (kind === 'introduced' && order >= 0) vulnerable = true
    else if (kind === 'fixed' && order >= 0) vulnerable = false
    else if (kind === 'last_affected' && order > 0) vulnerable = false
  }
  return vulnerable
}
