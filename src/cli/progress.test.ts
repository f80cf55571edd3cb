import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createProgress } from './progress.ts'

const TERMINAL = { colour: false, unicode: true, width: 80, interactive: true }

function start(t: TestContext, watched: boolean) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const written: string[] = []
  const stream = { write: (text: string) => written.push(text) }
  return { written, progress: createProgress(stream, watched ? TERMINAL : undefined) }
}

test('work that is over within a second shows no progress', t => {
  const { written, progress } = start(t, true)
  progress.report({ doing: 'Reading', done: 1, total: 10 })
  t.mock.timers.tick(900)
  progress.clear()
  t.mock.timers.tick(5000)
  assert.deepEqual(written, [])
})

test('longer work shows one line that is redrawn and then removed', t => {
  const { written, progress } = start(t, true)
  progress.report({ doing: 'Reading registry metadata', done: 120, total: 400 })
  t.mock.timers.tick(1000)
  progress.report({ doing: 'Downloading', done: 1_500_000, unit: 'bytes' })
  t.mock.timers.tick(100)
  progress.clear()
  assert.deepEqual(written, [
    '\r\u001b[2KReading registry metadata  ██████··············  120/400',
    '\r\u001b[2KDownloading  1.5 MB',
    '\r\u001b[2K',
  ])
})

test('without a terminal nothing is drawn', t => {
  const { written, progress } = start(t, false)
  progress.report({ doing: 'Reading' })
  t.mock.timers.tick(5000)
  progress.clear()
  assert.deepEqual(written, [])
})
