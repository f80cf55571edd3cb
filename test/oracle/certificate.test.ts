import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bruteForce, satisfies } from './brute-force.ts'
import { type Certificate, checkCertificate, readCertificate } from './certificate.ts'
import { type Problem, solve, toAspif } from './clingo.ts'

/** Old needs one of two new versions; the second also gains a breaking line. */
const certificate: Certificate = {
  variables: ['old', 'new a', 'new b', 'line'],
  clauses: [
    [1, 2, 3],
    [-3, 4],
  ],
  levels: [
    { name: 'risk', soft: [[1, 30]], optimum: 0 },
    { name: 'lines', soft: [[4, 1]], optimum: 0 },
    {
      name: 'new',
      soft: [
        [2, 1],
        [3, 1],
      ],
      optimum: 1,
    },
  ],
  model: [-1, 2, -3, -4],
}

test('a certificate of an optimum is confirmed level by level', async () => {
  const checked = await checkCertificate(certificate)
  assert.deepEqual(checked.problems, [])
  assert.equal(checked.ok, true)
  assert.deepEqual(
    checked.levels.map(level => level.proved),
    [0, 0, 1],
  )
})

test('a model that is worse than another solver’s is refused', async () => {
  const levels = certificate.levels.map((level, index) => (index === 1 ? { ...level, optimum: 1 } : level))
  const checked = await checkCertificate({ ...certificate, levels, model: [3, 4] })
  assert.equal(checked.ok, false)
  assert.deepEqual(checked.problems, ['lines: the second solver proves 0, the certificate claims 1.'])
})

test('a model that breaks a clause is refused', async () => {
  const checked = await checkCertificate({ ...certificate, model: [3] })
  assert.ok(checked.problems.includes('The model breaks a clause.'))
})

test('a claim that the model does not pay for is refused', async () => {
  const checked = await checkCertificate({ ...certificate, model: [1] })
  assert.ok(checked.problems.includes('risk: the model costs 30, the certificate claims 0.'))
})

test('clauses that contradict each other are named', async () => {
  const checked = await checkCertificate({ ...certificate, clauses: [[1], [-1]] })
  assert.ok(checked.problems.includes('The clauses contradict each other.'))
})

test('a document that is not a certificate is refused when read', () => {
  assert.deepEqual(readCertificate(JSON.parse(JSON.stringify(certificate))), certificate)
  for (const wrong of [
    null,
    [],
    {},
    { ...certificate, model: [9] },
    { ...certificate, clauses: [[0]] },
    { ...certificate, levels: [{ name: 'x', soft: [[1, 0]], optimum: 0 }] },
  ]) {
    assert.throws(() => readCertificate(wrong), TypeError)
  }
})

test('a level without literals costs nothing and shifts no other', async () => {
  const optimum = await solve({ variables: 1, clauses: [[1]], levels: [[], [[1, 7]], []] })
  assert.deepEqual(optimum?.costs, [0, 7, 0])
})

test('an aspif program states variables, clauses, limits and levels', () => {
  const problem: Problem = { variables: 2, clauses: [[1, -2]], levels: [[[1, 5]], [[-2, 1]]], limits: [{ literals: [1, 2], atMost: 1 }] }
  assert.equal(
    toAspif(problem),
    'asp 1 0 0\n1 1 2 1 2 0 0\n1 0 0 0 2 -1 2\n1 0 0 1 2 2 1 1 2 1\n2 2 1 1 5\n2 1 1 -2 1\n4 1 1 1 1\n4 1 2 1 2\n0\n',
  )
})

test('the second solver agrees with trying every assignment', async () => {
  const literal = fc.integer({ min: 1, max: 7 }).chain(variable => fc.constantFrom(variable, -variable))
  const problem = fc.record({
    variables: fc.constant(7),
    clauses: fc.array(fc.array(literal, { minLength: 1, maxLength: 4 }), { maxLength: 14 }),
    levels: fc.array(fc.array(fc.tuple(literal, fc.integer({ min: 1, max: 9 })), { maxLength: 5 }), { minLength: 1, maxLength: 3 }),
    limits: fc.array(
      fc.record({
        literals: fc.uniqueArray(literal, { minLength: 1, maxLength: 5, selector: Math.abs }),
        atMost: fc.integer({ min: 0, max: 3 }),
      }),
      { maxLength: 1 },
    ),
  })
  await fc.assert(
    fc.asyncProperty(problem, async instance => {
      const expected = bruteForce(instance)
      const found = await solve(instance)
      assert.deepEqual(found?.costs, expected?.costs)
      if (found !== undefined) assert.ok(satisfies(instance, found.model))
    }),
    { numRuns: 150 },
  )
})
