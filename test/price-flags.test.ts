import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockWith, manifestWith } from './hostile/locks.ts'
import { hostileProject, suture } from './hostile/run-suture.ts'
import { startRegistry } from './registry/server.ts'

/** The way out of `victim` brings two packages that are as bad; `other` has a clean one across a breaking line. */
const packages = {
  victim: { versions: { '1.0.0': {}, '1.1.0': { dependencies: { bad: '1.0.0', worse: '1.0.0' } } } },
  bad: { versions: { '1.0.0': {} } },
  worse: { versions: { '1.0.0': {} } },
  other: { versions: { '1.0.0': {}, '2.0.0': {} } },
}

test('a price names the flags that buy it: asking for all, or for one alone where that brings more risk than it takes', async () => {
  await using registry = await startRegistry({ packages })
  const root = { dependencies: { victim: '^1.0.0', other: '*' } }
  const other = { version: '1.0.0', resolved: 'https://registry.example/other/-/other-1.0.0.tgz', integrity: `sha512-${'B'.repeat(86)}==` }
  const lock = lockWith([['node_modules/other', other]], 3, { name: 'project', version: '1.0.0', ...root })
  const files = { 'package-lock.json': lock, 'package.json': manifestWith(root), '.npmrc': `registry=${registry.url}\n` }
  using project = hostileProject(files, { vulnerable: ['victim', 'bad', 'worse', 'other'] })
  const flagsOf = async (words: readonly string[]): Promise<Record<string, string>> => {
    const { findings } = JSON.parse((await suture(project, ['plan', '--json', ...words])).out)
    return Object.fromEntries(findings.map((planned: Planned) => [planned.finding.name, planned.price?.flag ?? planned.outcome]))
  }
  assert.deepEqual(await flagsOf([]), { victim: '--only HOLE-0 --budget all', other: '--budget all' })
  assert.deepEqual(await flagsOf(['--budget', 'all']), { victim: '--only HOLE-0 --budget all', other: 'fixed' })
  const alone = await flagsOf(['--only', 'HOLE-0', '--budget', 'all'])
  assert.equal(alone['victim'], 'fixed')
})

interface Planned {
  readonly finding: { readonly name: string }
  readonly outcome: string
  readonly price?: { readonly flag?: string }
}
