import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bruteForce } from '../../test/oracle/brute-force.ts'
import type { Problem } from '../../test/oracle/clingo.ts'
import { CoreGuided, type SharedCores, type Soft } from './core-guided.ts'
import { openSat, type Sat } from './sat.ts'

const VARIABLES = 7
const literal = fc.integer({ min: 1, max: VARIABLES }).chain(variable => fc.constantFrom(variable, -variable))
const clauses = fc.array(fc.array(literal, { minLength: 1, maxLength: 4 }), { maxLength: 16 })
const softs = fc.array(fc.tuple(literal, fc.integer({ min: 1, max: 12 })), { maxLength: 10 })

async function withClauses<T>(given: readonly (readonly number[])[], use: (sat: Sat) => T): Promise<T> {
  const sat = await openSat()
  try {
    for (let variable = 1; variable <= VARIABLES; variable++) sat.newVariable()
    for (const clause of given) sat.addClause(clause)
    return use(sat)
  } finally {
    sat.dispose()
  }
}

/** The least cost by trying every assignment; undefined where none keeps the clauses. */
const least = (given: readonly (readonly number[])[], penalties: readonly Soft[]): number | undefined => {
  const problem: Problem = { variables: VARIABLES, clauses: given, levels: [penalties] }
  return bruteForce(problem)?.costs[0]
}

const costIn = (sat: Sat, penalties: readonly Soft[]): number =>
  penalties.reduce((sum, [of, weight]) => sum + (sat.isTrue(of) ? weight : 0), 0)

test('the bound is the least cost, and the model that is left costs as much', async () => {
  await fc.assert(
    fc.asyncProperty(clauses, softs, async (hard, penalties) => {
      await withClauses(hard, sat => {
        const minimiser = new CoreGuided(sat, penalties)
        const expected = least(hard, penalties)
        assert.equal(minimiser.minimise(), expected !== undefined)
        if (expected === undefined) return
        assert.equal(minimiser.bound, expected)
        assert.equal(costIn(sat, penalties), expected)
      })
    }),
    { numRuns: 200 },
  )
})

test('what remains keeps the cost at the optimum', async () => {
  await fc.assert(
    fc.asyncProperty(clauses, softs, softs, async (hard, first, second) => {
      await withClauses(hard, sat => {
        const minimiser = new CoreGuided(sat, first)
        if (!minimiser.minimise()) return
        const then = new CoreGuided(sat, second)
        assert.equal(then.minimise(minimiser.remaining()), true)
        assert.equal(costIn(sat, first), minimiser.bound)
        const expected = bruteForce({ variables: VARIABLES, clauses: hard, levels: [first, second] })?.costs
        assert.deepEqual([minimiser.bound, then.bound], expected)
      })
    }),
    { numRuns: 150 },
  )
})

test('side conditions that become stricter are followed by one object', async () => {
  await fc.assert(
    fc.asyncProperty(clauses, softs, fc.array(literal, { maxLength: 4 }), async (hard, penalties, conditions) => {
      await withClauses(hard, sat => {
        const minimiser = new CoreGuided(sat, penalties)
        for (let count = 0; count <= conditions.length; count++) {
          const given = conditions.slice(0, count)
          const expected = least([...hard, ...given.map(of => [of])], penalties)
          assert.equal(minimiser.minimise(given), expected !== undefined)
          if (expected === undefined) return
          assert.equal(minimiser.bound, expected)
        }
      })
    }),
    { numRuns: 150 },
  )
})

test('minimisers with other weights may share their cores', async () => {
  await fc.assert(
    fc.asyncProperty(
      clauses,
      softs,
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 3 }),
      async (hard, penalties, factors) => {
        await withClauses(hard, sat => {
          const shared: SharedCores = []
          for (const factor of factors) {
            const weighted = penalties.map(([of, weight], at): Soft => [of, at % 2 === 0 ? weight * factor : weight])
            const minimiser = new CoreGuided(sat, weighted, shared)
            const expected = least(hard, weighted)
            assert.equal(minimiser.minimise(), expected !== undefined)
            if (expected !== undefined) assert.equal(minimiser.bound, expected)
          }
        })
      },
    ),
    { numRuns: 150 },
  )
})

test('a fork goes on by itself, up to what it is told to be worth', async () => {
  await fc.assert(
    fc.asyncProperty(clauses, softs, literal, fc.nat(20), async (hard, penalties, condition, most) => {
      await withClauses(hard, sat => {
        const minimiser = new CoreGuided(sat, penalties)
        if (!minimiser.minimise()) return
        const before = minimiser.bound
        const expected = least([...hard, [condition]], penalties)
        const answer = minimiser.fork().attempt([condition], { calls: 1000, conflicts: 1000 }, most)
        assert.equal(answer, expected !== undefined && expected <= most)
        assert.equal(minimiser.bound, before)
        assert.equal(minimiser.minimise(), true)
      })
    }),
    { numRuns: 150 },
  )
})

test('whatever exceeds the bound by no more than the slack keeps what holds within it', async () => {
  await fc.assert(
    fc.asyncProperty(clauses, softs, fc.nat(10), async (hard, penalties, slack) => {
      await withClauses(hard, sat => {
        const minimiser = new CoreGuided(sat, penalties)
        if (!minimiser.minimise()) return
        const within = minimiser.within(slack)
        for (let bits = 0; bits < 2 ** VARIABLES; bits++) {
          const given = Array.from({ length: VARIABLES }, (_, at) => ((bits >> at) & 1 ? at + 1 : -(at + 1)))
          if (!sat.solve(given) || costIn(sat, penalties) > minimiser.bound + slack) continue
          assert.equal(sat.solve([...given, ...within]), true)
        }
      })
    }),
    { numRuns: 40 },
  )
})

test('an effort that is used up is neither yes nor no', async () => {
  await withClauses([[1, 2]], sat => {
    const penalties: Soft[] = [
      [1, 1],
      [2, 1],
    ]
    assert.equal(new CoreGuided(sat, penalties).attempt([], { calls: 1, conflicts: 100 }), undefined)
    assert.equal(new CoreGuided(sat, penalties).attempt([], { calls: 50, conflicts: 100 }), true)
  })
})

test('suggested cores change neither the bound nor what the best model costs, true or not', async () => {
  const suggestions = fc.array(fc.array(literal, { maxLength: 4 }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(clauses, softs, suggestions, async (hard, penalties, suggested) => {
      await withClauses(hard, sat => {
        const shared: SharedCores = []
        const minimiser = new CoreGuided(sat, penalties, shared)
        minimiser.suggest([...suggested, ...suggested])
        const expected = least(hard, penalties)
        assert.equal(minimiser.minimise(), expected !== undefined)
        if (expected === undefined) return
        assert.equal(minimiser.bound, expected)
        assert.equal(costIn(sat, penalties), expected)
        for (const { core } of shared) assert.equal(sat.solve(core.map(of => -of)), false, 'what is shared is a core')
      })
    }),
    { numRuns: 300 },
  )
})
