import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openSat } from './sat.ts'
import { Totalizer } from './totalizer.ts'

test('a totalizer tells for every assignment how many inputs are true', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }), async values => {
      const sat = await openSat()
      const inputs = values.map(() => sat.newVariable())
      const count = Totalizer.of(sat, inputs)
      const given = inputs.map((literal, at) => (values[at] ? literal : -literal))
      const total = values.filter(Boolean).length
      for (let k = 1; k <= values.length; k++) assert.equal(sat.solve([...given, -count.atLeast(k)]), total < k)
      sat.dispose()
    }),
    { numRuns: 60 },
  )
})

test('between holds exactly when the number of true inputs lies between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }), fc.nat(9), fc.nat(9), async (values, first, second) => {
      const sat = await openSat()
      const inputs = values.map(() => sat.newVariable())
      const count = Totalizer.of(sat, inputs)
      const [least, most] = [Math.min(first, second, values.length), Math.max(first, second)]
      const given = inputs.map((literal, at) => (values[at] ? literal : -literal))
      const total = values.filter(Boolean).length
      assert.equal(sat.solve([...given, ...count.between(least, most)]), total >= least && total <= most)
      sat.dispose()
    }),
    { numRuns: 120 },
  )
})

test('nothing cannot be counted, and no more can be demanded than there is', async () => {
  const sat = await openSat()
  assert.throws(() => Totalizer.of(sat, []), RangeError)
  assert.throws(() => Totalizer.of(sat, [sat.newVariable()]).between(2, 3), RangeError)
  sat.dispose()
})
