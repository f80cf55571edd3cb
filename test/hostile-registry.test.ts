import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockWith, manifestWith } from './hostile/locks.ts'
import { REGISTRY_CASES } from './hostile/registry-cases.ts'
import { contentOf, hostileProject, outcomeOf, suture } from './hostile/run-suture.ts'
import { startRegistry } from './registry/server.ts'

const PATIENCE = { npm_config_fetch_timeout: '20000', npm_config_fetch_retries: '0' }
/** For registries that never answer: a slow machine must not make an honest one look like that. */
const LITTLE_PATIENCE = { ...PATIENCE, npm_config_fetch_timeout: '500' }

for (const { name, fixed = { '1.1.0': {} }, packages = {}, lie, ends } of REGISTRY_CASES) {
  test(`a registry that ${name}: ${ends}`, async () => {
    await using registry = await startRegistry({
      packages: { victim: { versions: { '1.0.0': {}, ...fixed }, tags: { latest: '1.1.0' } }, ...packages },
    })
    registry.misbehave = lie?.(registry)
    using project = hostileProject(
      { 'package-lock.json': lockWith([]), 'package.json': manifestWith(), '.npmrc': `registry=${registry.url}\n` },
      { environment: ends === 'registry-unreachable' ? LITTLE_PATIENCE : PATIENCE },
    )
    const before = contentOf(project.folder)

    const planned = ends === 'fixed' || ends === 'open' ? await suture(project, ['plan', '--json']) : undefined
    const ran = await suture(project, ['fix', '--no-native', '--json', '--budget', 'all'])
    const fault = outcomeOf(ran)
    if (planned !== undefined) {
      assert.equal(outcomeOf(planned), undefined)
      assert.equal(outcomeIn(planned.out), ends)
    }
    assert.equal(fault ?? outcomeIn(ran.out), ends)
    if (ends !== 'fixed') return assert.deepEqual(contentOf(project.folder), before)

    const lock = readFileSync(join(project.folder, 'package-lock.json'), 'utf8')
    const { version, resolved, integrity } = JSON.parse(lock).packages['node_modules/victim']
    assert.equal(version, '1.1.0')
    assert.equal(integrity, Reflect.get(Object(registry.manifest('victim', '1.1.0')?.['dist']), 'integrity'))
    assert.match(resolved, /^https:\/\/registry\.example\/victim\/-\/victim-1\.1\.0\.tgz$/)
    assert.doesNotMatch(lock.replace(/[\n\t]/g, ''), /[\p{Cc}]/u)
  })
}

/** What became of the one finding. */
function outcomeIn(out: string): string {
  const noun: { plan?: unknown; findings?: unknown } = JSON.parse(out)
  const { findings = [] }: { findings?: readonly { readonly outcome: string }[] } = noun.plan === undefined ? noun : Object(noun.plan)
  assert.equal(findings.length, 1)
  return findings[0]?.outcome === 'fixed' ? 'fixed' : 'open'
}

for (const name of ['constructor', 'toString', 'hasOwnProperty', '__defineGetter__', '@constructor/prototype', 'versions', 'then']) {
  test(`a package called ${name} is fixed like any other`, async () => {
    await using registry = await startRegistry({ packages: { [name]: { versions: { '1.0.0': {}, '1.1.0': {} } } } })
    const manifest = manifestWith({ dependencies: { [name]: '^1.0.0' }, overrides: { [name]: { toString: '1' } } })
    const lock = lockWith([
      [`node_modules/${name}`, { version: '1.0.0', dependencies: { valueOf: '*' } }],
      ['node_modules/valueOf', { version: '1.0.0' }],
    ])
    const environment = PATIENCE
    using project = hostileProject(
      { 'package-lock.json': lock, 'package.json': manifest, '.npmrc': `registry=${registry.url}\n` },
      { environment, vulnerable: [name] },
    )
    const planned = await suture(project, ['plan', '--json'])
    assert.equal(outcomeOf(planned), undefined)
    assert.equal(outcomeIn(planned.out), name.startsWith('_') ? 'open' : 'fixed')
    const story = await suture(project, ['explain', name])
    assert.equal(outcomeOf(story), undefined)
  })
}
