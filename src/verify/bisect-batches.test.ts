import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bisectBatches } from './bisect-batches.ts'

/** Every set in `conflicts` fails as a whole, and so does everything that contains it. */
function judge(conflicts: readonly (readonly number[])[]) {
  const runs: string[] = []
  const passes = async (kept: readonly number[]) => {
    runs.push(kept.join())
    return !conflicts.some(conflict => conflict.every(batch => kept.includes(batch)))
  }
  return { runs, passes }
}

const range = (size: number) => Array.from({ length: size }, (_, index) => index)

test('batches that pass together cost two runs', async () => {
  const { runs, passes } = judge([])
  assert.deepEqual(await bisectBatches(range(9), passes), { kept: range(9), guilty: [] })
  assert.deepEqual(runs, ['', '0,1,2,3,4,5,6,7,8'])
})

test('checks that fail without any change are the user’s to repair', async () => {
  await assert.rejects(
    bisectBatches([1], async () => false),
    { code: 'checks-failed' },
  )
})

test('one guilty batch among many is found in about log2 runs', async () => {
  for (const guilty of range(64)) {
    const { runs, passes } = judge([[guilty]])
    const found = await bisectBatches(range(64), passes)
    assert.deepEqual(found, { kept: range(64).filter(batch => batch !== guilty), guilty: [guilty] })
    assert.ok(runs.length <= 2 + 6 + 2, `${runs.length} runs`)
  }
})

test('of two that are bad only together the later one is guilty', async () => {
  const { passes } = judge([[2, 5]])
  assert.deepEqual(await bisectBatches(range(8), passes), { kept: [0, 1, 2, 3, 4, 6, 7], guilty: [5] })
})

test('a batch that only needed a later one is kept after all', async () => {
  const passes = async (kept: readonly number[]) => !kept.includes(4) && (!kept.includes(1) || kept.includes(3))
  assert.deepEqual(await bisectBatches(range(6), passes), { kept: [0, 1, 2, 3, 5], guilty: [4] })
})

test('what is kept passes, and fails with any guilty batch added, whatever the checks are', async () => {
  const anyChecks = fc.func(fc.boolean())
  const conflicting = fc.array(fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 3 }), { maxLength: 5 })
  const verdicts = fc.oneof(
    conflicting.map(conflicts => async (kept: readonly number[]) => judge(conflicts).passes(kept)),
    anyChecks.map(checks => async (kept: readonly number[]) => kept.length === 0 || checks(kept.join())),
  )
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 10 }), verdicts, async (size, passes) => {
      const { kept, guilty } = await bisectBatches(range(size), passes)
      const ascending = (a: number, b: number) => a - b
      assert.deepEqual([...kept, ...guilty].sort(ascending), range(size))
      assert.deepEqual(kept, [...kept].sort(ascending))
      assert.equal(await passes(kept), true)
      for (const batch of guilty) assert.equal(await passes([...kept, batch].sort(ascending)), false)
    }),
  )
})
