import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeProject, type TestProject } from '../../../../test/registry/project.ts'
import { startRegistry } from '../../../../test/registry/server.ts'
import { Fault } from '../../../model/faults.ts'
import { openCatalogue } from './catalogue.ts'
import { loadNpmConfig, type NpmConfig } from './npm-config.ts'

function load(project: TestProject, env: Record<string, string> = {}): Promise<NpmConfig> {
  return loadNpmConfig({ folder: project.folder, env: { ...project.env, ...env }, execPath: project.execPath, platform: 'linux' })
}

test('registries come from the project, the user, the environment and npm’s global configuration', async () => {
  using project = makeProject('', { '.npmrc': '@s:registry=https://scoped.registry.example/npm\n' })
  writeFileSync(join(project.env['HOME'] ?? '', '.npmrc'), 'registry=https://user.registry.example\n')
  const config = await load(project)
  assert.equal(config.registryOf('a'), 'https://user.registry.example/')
  assert.equal(config.registryOf('@s/a'), 'https://scoped.registry.example/npm/')
  assert.equal(config.registryOf('@other/a'), 'https://user.registry.example/')
  assert.equal(
    (await load(project, { npm_config_registry: 'https://env.registry.example/' })).registryOf('a'),
    'https://env.registry.example/',
  )
})

test('the global configuration of the npm on PATH counts, and so does the one built into it', async () => {
  using project = makeProject('', { '.npmrc': '' })
  const prefix = join(project.folder, '..', 'usr')
  const npm = join(prefix, 'lib/node_modules/npm')
  for (const folder of ['bin', 'etc', 'lib/node_modules/npm/bin']) mkdirSync(join(prefix, folder), { recursive: true })
  writeFileSync(join(npm, 'package.json'), '{"name":"npm","version":"11.0.0"}')
  writeFileSync(join(npm, 'bin/npm-cli.js'), '')
  writeFileSync(join(npm, 'npmrc'), 'maxsockets=5\n')
  writeFileSync(join(prefix, 'bin/node'), '')
  writeFileSync(join(prefix, 'etc/npmrc'), 'registry=https://global.registry.example/\n')
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(prefix, 'bin/npm'))
  const config = await load(project, { PATH: join(prefix, 'bin') })
  assert.equal(config.registryOf('a'), 'https://global.registry.example/')
  assert.equal(config.options['maxSockets'], 5)
  assert.match(String(config.options['userAgent']), /^npm\/11\.0\.0 /)
})

test('npm’s configuration is read without changing anything, also where there is no npm', async () => {
  using project = makeProject('https://registry.example/')
  const env = { ...project.env }
  const config = await loadNpmConfig({ folder: project.folder, env, execPath: project.execPath })
  assert.deepEqual(env, project.env)
  assert.equal(config.registryOf('a'), 'https://registry.example/')
  assert.equal(config.before, undefined)
  assert.doesNotMatch(String(config.options['userAgent']), /undefined/)
  assert.equal(config.legacyPeerDeps, false)
})

test('npm’s before and legacy-peer-deps are passed on', async () => {
  using project = makeProject('', { '.npmrc': 'before=2024-05-06\nlegacy-peer-deps=true\n' })
  const config = await load(project)
  assert.equal(config.before, '2024-05-06T00:00:00.000Z')
  assert.equal(config.legacyPeerDeps, true)
})

test('credentials that are tied to no registry are refused as npm refuses them', async () => {
  using project = makeProject('', { '.npmrc': '_authToken=secret\n' })
  await assert.rejects(
    load(project),
    (error: unknown) => error instanceof Fault && error.code === 'registry-refused' && !error.message.includes('secret'),
  )
})

test('a registry that is no web address is a fault, not npm’s default in its place', async () => {
  for (const registry of ['file:///etc', 'nonsense', 'ftp://registry.example/']) {
    using project = makeProject(registry)
    const use = async () => (await load(project)).registryOf('a')
    await assert.rejects(use, (error: unknown) => error instanceof Fault && /^registry-/.test(error.code), registry)
  }
})

test('identities differ by registry and credential, and do not tell them', async () => {
  using project = makeProject('', {
    '.npmrc':
      '//one.registry.example/:_authToken=first\n//two.registry.example/npm/:username=u\n//two.registry.example/npm/:_password=cA==\n',
  })
  using other = makeProject('', { '.npmrc': '//one.registry.example/:_authToken=second\n' })
  const [first, second] = await Promise.all([load(project), load(other)])
  const identities = [
    first.identityAt('https://one.registry.example/'),
    second.identityAt('https://one.registry.example/'),
    first.identityAt('https://two.registry.example/npm/'),
    second.identityAt('https://two.registry.example/npm/'),
  ]
  assert.equal(new Set(identities).size, 4)
  assert.equal(identities[0], first.identityAt('https://one.registry.example/'))
  for (const identity of identities) assert.match(identity, /^[0-9a-f]{24}$/)
})

test('archives are fetched from where npm’s replace-registry-host says', async () => {
  const at = async (rule: string, url: string) => {
    using project = makeProject('', { '.npmrc': `registry=https://mirror.registry.example/npm/\nreplace-registry-host=${rule}\n` })
    return (await load(project)).archiveUrl(url, 'a')
  }
  const archive = 'https://old.registry.example/a/-/a-1.0.0.tgz'
  assert.equal(await at('npmjs', archive), archive)
  assert.equal(await at('never', archive), archive)
  assert.equal(await at('always', archive), 'https://mirror.registry.example/npm/a/-/a-1.0.0.tgz')
  assert.equal(await at('old.registry.example', archive), 'https://mirror.registry.example/npm/a/-/a-1.0.0.tgz')
  assert.equal(
    await at('https://old.registry.example/deep', 'https://old.registry.example/deep/a.tgz'),
    'https://mirror.registry.example/npm/a.tgz',
  )
  assert.equal(
    await at('https://old.registry.example/deep', 'https://old.registry.example/deeper/a.tgz'),
    'https://old.registry.example/deeper/a.tgz',
  )
})

test('a scope’s packages come from its registry with its token, and no one else sees the token', async () => {
  const given = { versions: { '1.0.0': {} } }
  await using open = await startRegistry({ packages: { a: given } })
  await using guarded = await startRegistry({ packages: { '@s/b': given }, token: 'secret', base: '/npm/' })
  const key = guarded.url.replace('http:', '')
  using project = makeProject('', { '.npmrc': `registry=${open.url}\n@s:registry=${guarded.url}\n${key}:_authToken=\${TOKEN}\n` })
  const catalogueWith = async (token: string) => {
    const config = await load(project, { TOKEN: token })
    return openCatalogue({ config, cacheFolder: project.cacheFolder, needPublishTimes: false, now: () => new Date(0) })
  }
  const catalogue = await catalogueWith('secret')
  await catalogue.load(['a', '@s/b'])
  assert.equal(catalogue.get('@s/b')?.versions.length, 1)
  assert.deepEqual(await catalogue.bundled('@s/b', '1.0.0'), [])
  assert.ok(guarded.requests.every(request => request.authorization === 'Bearer secret'))
  assert.ok(open.requests.every(request => request.authorization === undefined))
  const refused = (error: unknown) =>
    error instanceof Fault && error.code === 'registry-refused' && /@s\/b/.test(error.message) && !/wrong/.test(error.message)
  await assert.rejects((await catalogueWith('wrong')).load(['@s/b']), refused, 'what one token may see is not shown to another')
})
