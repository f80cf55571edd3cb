import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CASES } from './hostile/cases.ts'
import { contentOf, hostileProject, outcomeOf, suture } from './hostile/run-suture.ts'

for (const { name, files, ends } of CASES) {
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
