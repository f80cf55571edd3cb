import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runChecks } from './run-checks.ts'
import { runProcess } from './run-process.ts'

const node = `"${process.execPath}"`
const folder = tmpdir()
const options = { timeoutMs: 60_000, environment: process.env }
const windows = process.platform === 'win32' && 'written for sh'

test('checks pass with exit code 0 and fail with any other; the end of what they print is kept, safe to show', async () => {
  assert.deepEqual(await runChecks(`${node} -e "console.log('fine')"`, folder, options), { passed: true, exitCode: 0, tail: 'fine\n' })
  const failed = await runChecks(`${node} -e "console.error('\\u001b[31mbad\\u001b[0m'); process.exit(7)"`, folder, options)
  assert.deepEqual(failed, { passed: false, exitCode: 7, tail: 'bad\n' })
})

test('a command is read by the shell, in the folder, with nothing on its input', { skip: windows }, async () => {
  const inside = mkdtempSync(join(tmpdir(), 'suture-checks-'))
  try {
    const heard: string[] = []
    const outcome = await runChecks('cat && pwd -P | sed s,.*/,, && false || exit 3', inside, {
      ...options,
      output: text => heard.push(text),
    })
    assert.deepEqual(outcome, { passed: false, exitCode: 3, tail: `${inside.split('/').at(-1)}\n` })
    assert.equal(heard.join(''), outcome.tail)
  } finally {
    rmSync(inside, { recursive: true })
  }
})

test('however much is printed, only the end is kept', async () => {
  const { tail } = await runChecks(`${node} -e "for (let i = 0; i < 200000; i++) console.log(i)"`, folder, options)
  assert.ok(tail.length <= 16_384)
  assert.ok(tail.endsWith('199998\n199999\n'))
})

test('checks that do not end are stopped with all they started, and said to be late', { skip: windows }, async () => {
  const outcome = await runChecks('sleep 300 & sleep 300', folder, { ...options, timeoutMs: 200 })
  assert.deepEqual(outcome, { passed: false, exitCode: null, tail: 'The checks did not end within 1 s and were stopped.\n' })
})

test('what checks leave running in the background ends with them', { skip: windows }, async () => {
  const inside = mkdtempSync(join(tmpdir(), 'suture-checks-'))
  try {
    const outcome = await runChecks('sleep 300 & echo $! > pid', inside, options)
    assert.equal(outcome.passed, true)
    const pid = Number(readFileSync(join(inside, 'pid'), 'utf8'))
    // Its pipes close a moment before it is gone; a zombie waits for init.
    const state = () => (existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] : 'gone')
    for (let round = 0; round < 100 && !['gone', 'Z', 'X'].includes(state() ?? ''); round++) await sleep(20)
    assert.ok(pid > 0 && ['gone', 'Z', 'X'].includes(state() ?? ''))
  } finally {
    rmSync(inside, { recursive: true })
  }
})

test('a program is stopped when its caller gives up, and one that is not there is told', async () => {
  const request = { folder, environment: process.env, timeoutMs: 60_000, maxOutput: 1000 }
  const signal = AbortSignal.timeout(100)
  await assert.rejects(runProcess(process.execPath, ['-e', 'setTimeout(() => {}, 300000)'], { ...request, signal }), {
    name: 'TimeoutError',
  })
  const missing = await runProcess(join(folder, 'suture-no-such-program'), [], request)
  assert.equal(missing.exitCode, null)
  assert.match(missing.failed ?? '', /ENOENT/)
})
