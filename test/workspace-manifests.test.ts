import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockWith, VICTIM } from './hostile/locks.ts'
import { type Files, hostileProject, type Ran, suture } from './hostile/run-suture.ts'
import { startRegistry } from './registry/server.ts'

/** The project holds `other`, its workspace holds `victim`; `declared` is what the lock says of the workspace. */
async function withWorkspace(
  declared: string,
  work: (given: {
    planned: () => Promise<unknown>
    fix: (...words: string[]) => Promise<Ran>
    text: (path: string) => string
    files: Files
    undo: () => Promise<Ran>
  }) => Promise<void>,
) {
  const clean = { versions: { '1.0.0': {}, '1.1.0': {} } }
  await using registry = await startRegistry({ packages: { victim: clean, other: clean } })
  const root = { name: 'project', version: '1.0.0', workspaces: ['packages/*'], dependencies: { other: '1.0.0' } }
  const own = { name: 'a', version: '1.0.0', devDependencies: { victim: '1.0.0' }, peerDependencies: { victim: '*' } }
  const inLock = { ...own.devDependencies, victim: declared }
  const lock = lockWith(
    [
      ['node_modules/a', { resolved: 'packages/a', link: true }],
      ['node_modules/other', { ...VICTIM, resolved: 'https://registry.example/other/-/other-1.0.0.tgz' }],
      ['packages/a', { version: own.version, devDependencies: inLock, peerDependencies: own.peerDependencies }],
    ],
    3,
    root,
  )
  const files = {
    'package.json': JSON.stringify(root),
    'packages/a/package.json': `${JSON.stringify(own, undefined, '\t')}\r\n`,
    'package-lock.json': lock,
    '.npmrc': `registry=${registry.url}\n`,
  }
  using project = hostileProject(files, { vulnerable: ['victim', 'other'] })
  const words = ['--manifest', '--budget', 'all'] as const
  await work({
    async planned() {
      const { findings } = JSON.parse((await suture(project, ['plan', '--json', ...words])).out)
      return findings.map((item: Planned) => [item.finding.name, item.outcome, item.blockers[0]?.remedy])
    },
    fix: (...more) => suture(project, ['fix', '--no-native', ...more]),
    undo: () => suture(project, ['undo']),
    text: path => readFileSync(join(project.folder, path), 'utf8'),
    files,
  })
}

test('--manifest raises a range where it is declared: in the root, or in a workspace and in the lock’s copy of it', () =>
  withWorkspace('1.0.0', async ({ planned, fix, undo, text, files }) => {
    assert.deepEqual(await planned(), [
      ['other', 'fixed', undefined],
      ['victim', 'fixed', undefined],
    ])
    assert.equal((await fix('--manifest', '--budget', 'all')).code, 0)
    const path = 'packages/a/package.json'
    assert.equal(text(path), files[path]?.toString().replace('"victim": "1.0.0"', '"victim": "1.1.0"'))
    assert.equal(JSON.parse(text('package.json')).dependencies.other, '1.1.0')
    const { packages } = JSON.parse(text('package-lock.json'))
    assert.deepEqual(packages['packages/a'].devDependencies, { victim: '1.1.0' })
    assert.deepEqual(packages['packages/a'].peerDependencies, { victim: '*' })
    assert.equal(packages['node_modules/victim'].version, '1.1.0')
    assert.equal((await undo()).code, 0)
    for (const name of [path, 'package.json', 'package-lock.json']) assert.equal(text(name), files[name])
  }))

test('without the flag a blocker names the workspace’s file and the flag that raises its range', () =>
  withWorkspace('1.0.0', async ({ fix, text, files }) => {
    const fixed = await fix('--json')
    assert.equal(fixed.code, 1)
    assert.match(fixed.out, /Raise victim to 1\.1\.0 or newer in packages\/a\/package\.json \(suture fix --manifest\)\./)
    assert.equal(text('packages/a/package.json'), files['packages/a/package.json'])
  }))

test('where the lock says another range than the workspace’s file, nobody raises it', () =>
  withWorkspace('>=1.0.0 <1.1.0', async ({ planned, fix, text, files }) => {
    assert.deepEqual(await planned(), [
      ['other', 'fixed', undefined],
      ['victim', 'blocked', 'Raise victim to 1.1.0 or newer in packages/a/package.json.'],
    ])
    assert.equal((await fix('--manifest', '--budget', 'all')).code, 1)
    assert.equal(text('packages/a/package.json'), files['packages/a/package.json'])
    assert.equal(JSON.parse(text('package-lock.json')).packages['node_modules/victim'].version, '1.0.0')
  }))

interface Planned {
  readonly finding: { readonly name: string }
  readonly outcome: string
  readonly blockers: readonly { readonly remedy: string }[]
}
