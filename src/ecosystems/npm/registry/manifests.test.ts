import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeProject, type TestProject } from '../../../../test/registry/project.ts'
import { startRegistry, type TestPackages } from '../../../../test/registry/server.ts'
import { Fault } from '../../../model/faults.ts'
import { type NpmCatalogue, openCatalogue } from './catalogue.ts'
import { loadNpmConfig } from './npm-config.ts'

const packages: TestPackages = {
  a: { versions: { '1.0.0': { dependencies: { b: '^1.0.0' }, license: 'MIT', scripts: { install: 'x' } }, '1.1.0': {} } },
  '@s/c': { versions: { '2.0.0': { _hasShrinkwrap: true } } },
}

async function open(project: TestProject, offline = false): Promise<NpmCatalogue> {
  const config = await loadNpmConfig({ folder: project.folder, env: project.env, execPath: project.execPath })
  const now = () => new Date('2025-01-01T00:00:00Z')
  return openCatalogue({ config, cacheFolder: project.cacheFolder, needPublishTimes: false, now, offline, limits: { backoffMs: 1 } })
}

const isInvalid = (words: RegExp) => (error: unknown) =>
  error instanceof Fault && error.code === 'registry-invalid' && words.test(error.message)

test('manifests come from the version’s own document, and once known are known for good', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url)
  const [a, c] = await (await open(project)).manifests([
    { name: 'a', version: '1.0.0' },
    { name: '@s/c', version: '2.0.0' },
  ])
  assert.deepEqual([a?.license, a?.hasInstallScript, a?.dependencies?.['b'], c?.hasShrinkwrap], ['MIT', true, '^1.0.0', true])
  assert.deepEqual(
    registry.requests.splice(0).map(request => request.kind),
    ['manifest', 'manifest'],
  )
  const again = await (await open(project, true)).manifests([{ name: '@s/c', version: '2.0.0' }])
  assert.deepEqual(again, [c])
  assert.equal(registry.requests.length, 0)
})

test('where the registry does not answer for one version, the whole document does, asked for once', async () => {
  await using registry = await startRegistry({ packages, singleVersions: false })
  using project = makeProject(registry.url)
  const found = await (await open(project)).manifests([
    { name: 'a', version: '1.0.0' },
    { name: 'a', version: '1.1.0' },
  ])
  assert.deepEqual(
    found.map(each => each.version),
    ['1.0.0', '1.1.0'],
  )
  assert.equal(registry.requests.filter(request => request.kind === 'packument').length, 1)
  await assert.rejects((await open(project)).manifest('a', '9.9.9'), isInvalid(/a@9\.9\.9.*does not have the version/))
  await assert.rejects((await open(project)).manifest('../a', '1.0.0'), isInvalid(/no such version/))
  await assert.rejects((await open(project)).manifest('a', '../1.0.0'), isInvalid(/no such version/))
})

test('a manifest that contradicts the facts that were planned with is a fault', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url)
  const catalogue = await open(project)
  await catalogue.load(['a'])
  registry.misbehave = request =>
    request.kind === 'manifest' ? { body: JSON.stringify({ ...registry.manifest('a', '1.0.0'), dependencies: { evil: '*' } }) } : undefined
  await assert.rejects(catalogue.manifest('a', '1.0.0'), isInvalid(/a@1\.0\.0.*differ in dependencies/))
})

test('what an archive bundles is told only when its digest fits, and asked for once', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url)
  const catalogue = await open(project)
  const wrong = `sha512-${Buffer.alloc(64).toString('base64')}`
  await assert.rejects(catalogue.bundled('a', '1.0.0', wrong), isInvalid(/archive of a@1\.0\.0.*integrity/))
  assert.deepEqual(await catalogue.bundled('a', '1.0.0'), [])
  registry.misbehave = request => (request.kind === 'archive' ? { body: 'something else' } : undefined)
  assert.deepEqual(await (await open(project)).bundled('a', '1.0.0'), [])
  await assert.rejects(catalogue.bundled('a', '1.0.0', wrong), isInvalid(/integrity/))
})
