import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MODULE = fileURLToPath(new URL('./young-generation.ts', import.meta.url))

/** Bytes of the young generation in a new process that keeps much of what it makes, and so again after the bound was taken back. */
function youngAfter(bounded: boolean): readonly number[] {
  const script = `
    import v8 from 'node:v8'
    import { setTimeout as sleep } from 'node:timers/promises'
    import { boundYoungGeneration } from ${JSON.stringify(MODULE)}
    const size = () => v8.getHeapSpaceStatistics().find(space => space.space_name === 'new_space').space_size
    const kept = []
    const work = async () => {
      for (let round = 0; round < 40; round++) {
        for (let at = 0; at < 20_000; at++) kept.push({ at, text: [at] })
        await sleep(${bounded} ? 12 : 1)
      }
      return size()
    }
    const bound = ${bounded} ? boundYoungGeneration() : undefined
    const during = await work()
    bound?.[Symbol.dispose]()
    console.log(JSON.stringify([during, await work()]))`
  const args = ['--input-type=module', '-e', script]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env: {} }))
}

test('the young generation stays small while it is bound, and grows as ever before and after', () => {
  const [free = 0] = youngAfter(false)
  const [during = 0, after = 0] = youngAfter(true)
  assert.ok(during < 10_000_000 && free > 2 * during, `${free} without, ${during} with the bound`)
  assert.ok(after > 2 * during, `${after} after it`)
})
