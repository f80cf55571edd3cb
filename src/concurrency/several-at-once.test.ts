import assert from 'node:assert/strict'
import { test } from 'node:test'
import { severalAtOnce } from './several-at-once.ts'

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve()
}

test('results stand in the order of the items, and no more run at once than allowed', async () => {
  let [running, most] = [0, 0]
  const results = await severalAtOnce([9, 1, 5, 3, 7, 2], 3, async (item, at) => {
    most = Math.max(most, ++running)
    await turns(item)
    running--
    return `${at}: ${item}`
  })
  assert.deepEqual(results, ['0: 9', '1: 1', '2: 5', '3: 3', '4: 7', '5: 2'])
  assert.equal(most, 3)
  assert.deepEqual(await severalAtOnce([], 3, async () => 1), [])
})

test('after a failure nothing is begun, what runs is waited for, and the first in order is thrown', async () => {
  const [begun, ended]: [number[], number[]] = [[], []]
  const act = async (item: number) => {
    begun.push(item)
    await turns(item * 10)
    ended.push(item)
    if (item !== 1) throw new Error(`no ${item}`)
  }
  await assert.rejects(severalAtOnce([3, 1, 2, 4], 2, act), /no 3/)
  assert.deepEqual(
    [begun, ended],
    [
      [3, 1, 2],
      [1, 3, 2],
    ],
  )
})
