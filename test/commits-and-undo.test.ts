/** `fix --commit` leaves a commit and a receipt for each independent change; `undo` walks back over them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockWith, manifestWith, VICTIM } from './hostile/locks.ts'
import { hostileProject, suture } from './hostile/run-suture.ts'
import { startRegistry } from './registry/server.ts'

const NAMES = ['victim', 'second', 'third']
const ROOT = { name: 'project', version: '1.0.0', dependencies: Object.fromEntries(NAMES.map(name => [name, '^1.0.0'])) }
const GIT = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }

test('each undo takes one commit’s change back, from the newest to the oldest, and then there is none left', async () => {
  await using stack = new AsyncDisposableStack()
  const versions = { versions: { '1.0.0': {}, '1.1.0': {} } }
  const registry = await startRegistry({ packages: Object.fromEntries(NAMES.map(name => [name, versions])) })
  stack.defer(() => registry.close())
  const others = NAMES.slice(1).map(name => [`node_modules/${name}`, { ...VICTIM, resolved: VICTIM['resolved'] }] as const)
  const before = lockWith(others, 3, ROOT)
  const project = stack.use(
    hostileProject(
      { 'package-lock.json': before, 'package.json': manifestWith(ROOT), '.npmrc': `registry=${registry.url}\n` },
      { vulnerable: NAMES, environment: { PATH: process.env['PATH'] ?? '', ...GIT } },
    ),
  )
  const git = (...words: string[]) => spawnSync('git', words, { cwd: project.folder, encoding: 'utf8', env: { ...process.env, ...GIT } })
  assert.equal(git('init', '-q').status, 0)
  git('config', 'user.name', 'Someone')
  git('config', 'user.email', 'someone@example.org')
  git('add', '-A')
  git('commit', '-q', '-m', 'before')
  const lock = () => readFileSync(join(project.folder, 'package-lock.json'), 'utf8')

  let second = 0
  const clock = () => new Date(Date.UTC(2026, 0, 1, 0, 0, second++))
  const fixed = await suture(project, ['fix', '--commit', '--no-native'], { now: clock })
  assert.equal(fixed.code, 0, fixed.err)
  assert.match(fixed.out, /Receipts +3 in \.suture\/receipts, one in each commit/)
  const after = git('log', '--format=%H', '--reverse')
    .stdout.trim()
    .split('\n')
    .map(id => git('show', `${id}:package-lock.json`).stdout)
  assert.equal(after.length, 4)
  assert.equal(lock(), after[3])
  for (const text of [after[2], after[1], before]) {
    const undone = await suture(project, ['undo'], { now: clock })
    assert.equal(undone.code, 0, undone.err)
    assert.equal(lock(), text)
  }
  const none = await suture(project, ['undo'])
  assert.equal(none.code, 3)
  assert.match(none.err, /undo-conflict.*\n?.*is taken back already/)
  assert.equal(lock(), before)
})
