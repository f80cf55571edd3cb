import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../model/faults.ts'
import { DEFAULT_POLICY } from '../model/policy.ts'
import { readPolicy } from './read.ts'

function faultOf(text: string): Fault {
  try {
    readPolicy(text)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  return assert.fail('it was accepted')
}

test('an empty file means the defaults', () => {
  for (const text of ['', '# nothing\n', '{}', '---\n']) {
    const { pin, ...rest } = readPolicy(text)
    const { pin: defaultPin, ...defaults } = DEFAULT_POLICY
    assert.deepEqual(rest, defaults)
    assert.deepEqual({ ...pin }, defaultPin)
  }
})

test('every key is read', () => {
  const policy = readPolicy(`
threshold: high
weights: { critical: 1000, unscored: 0 }
ignore:
  - advisory: GHSA-xxxx
    package: lodash
    reason: not reachable
    expires: 2027-01-31
  - { advisory: CVE-2020-1, reason: build only }
coolDown: { days: 7, exceptSecurity: false }
hold: [react, "@types/node"]
pin: { lodash: ^4.17.0 }
node: ">=18"
`)
  assert.equal(policy.threshold, 'high')
  assert.deepEqual(policy.weights, { critical: 1000, high: 30, moderate: 10, low: 3, unscored: 0 })
  assert.deepEqual(policy.ignore, [
    { advisory: 'GHSA-xxxx', package: 'lodash', reason: 'not reachable', expires: '2027-01-31' },
    { advisory: 'CVE-2020-1', reason: 'build only' },
  ])
  assert.deepEqual(policy.coolDown, { days: 7, exceptSecurity: false })
  assert.deepEqual(policy.hold, ['react', '@types/node'])
  assert.deepEqual({ ...policy.pin }, { lodash: '^4.17.0' })
  assert.equal(policy.node, '>=18')
})

test('what is wrong is named with its line', () => {
  const rows: [text: string, message: RegExp, hint?: RegExp][] = [
    ['threshold: severe', /line 1: threshold must be one of critical, high, moderate, low/],
    ['hold:\n  - a\n  - 7\n', /line 3: hold\.1 must be of type string/],
    ['ignore:\n  - advisory: X\n', /line 2: ignore\.0\.reason is missing/],
    ['ignore:\n  - advisory: X\n    reason: ""\n', /line 3: ignore\.0\.reason/],
    ['ignore:\n  - advisory: X\n    reason: r\n    expires: 2027-02-30\n', /line 4: .*not a day of the calendar/],
    ['# one\n\ntreshold: low\n', /line 3: unknown key "treshold"/, /"threshold"/],
    ['coolDown:\n  day: 7\n', /line 2: unknown key "coolDown.day"/, /"days"/],
    ['ignore:\n  - advisory: X\n    reason: r\n    expire: 2027-01-01\n', /line 4: unknown key "ignore.0.expire"/, /"expires"/],
    ['pin:\n  lodash: "not a range!"\n', /line 2: pin\.lodash "not a range!" is not a version range/],
    ['node: what', /line 1: node "what" is not a version range/],
    ['hold: [a\n', /line \d+: /],
    ['hold: a\nhold: b\n', /line 2: Map keys must be unique/],
    ['- a\n', /line 1: must be of type object/],
  ]
  for (const [text, message, hint = /suture-yaml/] of rows) {
    const fault = faultOf(text)
    assert.equal(fault.code, 'policy-invalid')
    assert.match(fault.message, message)
    assert.match(fault.hint, hint)
  }
})

test('package names that are words of the language are ordinary keys', () => {
  assert.deepEqual(Object.keys(readPolicy('pin: { constructor: ^2.0.0 }').pin), ['constructor'])
  assert.match(faultOf('hold: []\npin: { __proto__: ^1.0.0 }').message, /line 2: this cannot be a key/)
  assert.equal(readPolicy('').pin['constructor'], undefined)
})

test('a file made to exhaust the reader is refused', () => {
  const levels = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (let level = 1; level < 12; level++) {
    const [name, before] = [String.fromCharCode(97 + level), String.fromCharCode(96 + level)]
    levels.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`)
  }
  const rows = [
    levels.join('\n'),
    '['.repeat(100_000),
    '{a: '.repeat(50_000),
    '- '.repeat(50_000),
    '? '.repeat(50_000),
    `hold: [${'a,'.repeat(200_000)}]`,
  ]
  for (const text of rows) assert.equal(faultOf(text).code, 'policy-invalid')
  const indented = Array.from({ length: 400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')
  assert.equal(faultOf(indented).code, 'policy-invalid')
})

test('any text ends in a policy or in one fault', () => {
  const fragment = fc.constantFrom(
    'threshold: ',
    'hold: ',
    'ignore:\n',
    '  - ',
    'low',
    '&a ',
    '*a',
    '[',
    ']',
    '{',
    '}',
    '\n',
    ': ',
    '"',
    '? ',
    '!!js/x ',
    '<<: ',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(fragment, fc.string({ maxLength: 6 })), { maxLength: 20 }), parts => {
      try {
        readPolicy(parts.join(''))
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === 'policy-invalid', String(error))
      }
    }),
    { numRuns: 300 },
  )
})
