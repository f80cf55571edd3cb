import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { VersionList } from './package-units.ts'
import { compareVersions, inRange } from './ranges.ts'

const part = fc.integer({ min: 0, max: 3 })
const version = fc
  .tuple(part, part, part, fc.constantFrom('', '', '', '-0', '-alpha', '-beta.2'))
  .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre}`)
const comparator = fc.tuple(fc.constantFrom('^', '~', '>=', '>', '<', '<=', '', '='), version).map(parts => parts.join(''))
const other = fc.constantFrom('*', '1.x', 'x', '', '1 - 2.1', 'no range', '>=1.2.3-alpha <2')
const range = fc.oneof(other, fc.array(fc.array(comparator, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 }).map(join))

function join(alternatives: readonly (readonly string[])[]): string {
  return alternatives.map(all => all.join(' ')).join(' || ')
}

test('a list tells the versions of a range exactly as each version alone would', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.oneof({ weight: 9, arbitrary: version }, { weight: 1, arbitrary: fc.constant('weird') })),
      range,
      (versions, asked) => {
        const ascending = versions.toSorted(compareVersions)
        const within = new VersionList(ascending).within(asked).map(at => ascending[at])
        assert.deepEqual(
          within,
          ascending.filter(one => inRange(one, asked)),
        )
      },
    ),
    { numRuns: 2000 },
  )
})

test('a stand-in, which comes last, lies in every range', () => {
  const list = new VersionList(['1.0.0', '2.0.0', ''])
  assert.deepEqual(list.within('^2.0.0'), [1, 2])
  assert.deepEqual(list.within('>=9.0.0'), [2])
  assert.deepEqual(list.within('no range'), [2])
})
