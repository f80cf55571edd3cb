import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockWith, VICTIM } from './hostile/locks.ts'
import { hostileProject, suture } from './hostile/run-suture.ts'
import { startRegistry } from './registry/server.ts'

test('--manifest raises what the project asks for; what only a workspace holds stays blocked, and its file is named', async () => {
  const clean = { versions: { '1.0.0': {}, '1.1.0': {} } }
  await using registry = await startRegistry({ packages: { victim: clean, other: clean } })
  const root = { name: 'project', version: '1.0.0', workspaces: ['packages/*'], dependencies: { other: '1.0.0' } }
  const own = { name: 'a', version: '1.0.0', dependencies: { victim: '1.0.0' } }
  const lock = lockWith(
    [
      ['node_modules/a', { resolved: 'packages/a', link: true }],
      ['node_modules/other', { ...VICTIM, resolved: 'https://registry.example/other/-/other-1.0.0.tgz' }],
      ['packages/a', { version: own.version, dependencies: own.dependencies }],
    ],
    3,
    root,
  )
  const files = {
    'package.json': JSON.stringify(root),
    'packages/a/package.json': JSON.stringify(own),
    'package-lock.json': lock,
    '.npmrc': `registry=${registry.url}\n`,
  }
  using project = hostileProject(files, { vulnerable: ['victim', 'other'] })
  const words = ['--manifest', '--budget', 'all'] as const
  const { findings } = JSON.parse((await suture(project, ['plan', '--json', ...words])).out)
  const outcomes = findings.map((planned: Planned) => [planned.finding.name, planned.outcome, planned.blockers[0]?.remedy])
  assert.deepEqual(outcomes, [
    ['other', 'fixed', undefined],
    ['victim', 'blocked', 'Raise victim to 1.1.0 or newer in packages/a/package.json.'],
  ])
  const fixed = await suture(project, ['fix', '--no-native', ...words])
  assert.equal(fixed.code, 1, fixed.err)
  const text = (path: string) => readFileSync(join(project.folder, path), 'utf8')
  assert.equal(JSON.parse(text('package.json')).dependencies.other, '1.1.0')
  assert.equal(text('packages/a/package.json'), files['packages/a/package.json'])
  assert.equal(JSON.parse(text('package-lock.json')).packages['node_modules/victim'].version, '1.0.0')
})

interface Planned {
  readonly finding: { readonly name: string }
  readonly outcome: string
  readonly blockers: readonly { readonly remedy: string }[]
}
