import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FORM_CASES } from './hostile/form-cases.ts'
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
