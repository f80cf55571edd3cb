import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FORM_CASES, LONG_WAYS } from './hostile/form-cases.ts'
import { contentOf, hostileProject, outcomeOf, suture } from './hostile/run-suture.ts'
import { SHAPES } from './hostile/scan-within.ts'
import { VALUE_CASES } from './hostile/value-cases.ts'

for (const { name, files, ends } of [...VALUE_CASES, ...FORM_CASES]) {
  test(`hostile project, ${name}: ${ends === 'answer' || ends === 'either' ? 'an answer or a fault, and no crash' : ends}`, async () => {
    using project = hostileProject(files)
    const before = contentOf(project.folder)
    const started = performance.now()
    const plain = outcomeOf(await suture(project, ['scan', '--offline'], { tty: true }))
    const json = outcomeOf(await suture(project, ['scan', '--offline', '--json']))
    if (process.env['SUTURE_SLOW'] && performance.now() - started > 150) console.log(name, performance.now() - started)
    assert.equal(json, plain)
    if (ends !== 'either') assert.equal(plain ?? 'answer', ends)
    assert.deepEqual(contentOf(project.folder), before)
  })
}

test('locks of a million entries, needs or values end in a coded fault within 512 MB', { timeout: 120_000 }, async () => {
  const program = fileURLToPath(new URL('hostile/scan-within.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=512', program])
  const ends: unknown = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(
    ends,
    Object.entries(SHAPES).map(([name, { ends }]) => ({ name, code: ends })),
  )
})

test('1,500 findings at the end of ways of 20,000 steps are told in a few megabytes', async () => {
  using project = hostileProject(LONG_WAYS.files, { vulnerable: LONG_WAYS.vulnerable })
  const { out, code } = await suture(project, ['scan', '--offline', '--json'])
  assert.equal(code, 1)
  assert.ok(out.length < 10_000_000)
  const { paths }: { paths: Readonly<Record<string, readonly string[]>> } = JSON.parse(out)
  const path = paths['c19998@1.0.0:HOLE-1499'] ?? []
  assert.deepEqual([path[0], path.at(-1)], ['c0@1.0.0', 'c19998@1.0.0'])
})
