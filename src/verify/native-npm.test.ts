import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeProject } from '../../test/registry/project.ts'
import { type LoopbackRegistry, startRegistry } from '../../test/registry/server.ts'
import type { PatchedFile } from '../model/edit.ts'
import { findOnPath } from './find-on-path.ts'
import { type NativeCheck, verifyWithNpm } from './native-npm.ts'
import { type RunProcess, runProcess } from './run-process.ts'

const npm = findOnPath('npm', process.env)
const needsNpm = { skip: npm === undefined && 'npm is not installed' }
const sha = '' as PatchedFile['beforeSha256']

let registry: LoopbackRegistry
before(async () => {
  registry = await startRegistry({
    packages: {
      leaf: { versions: { '1.0.0': {}, '1.0.1': {}, '2.0.0': {} } },
      stem: { versions: { '2.0.0': { dependencies: { leaf: '^1.0.0' } } } },
      picky: { versions: { '1.0.0': { peerDependencies: { leaf: '2.0.0' } } } },
    },
  })
})
after(() => registry[Symbol.asyncDispose]())

/** The lock of a project that asks for `stem`, as npm prints it, with `leaf` in this version. */
async function lockWith(leaf: string, lockfileVersion: 1 | 3 = 3): Promise<string> {
  const entry = async (name: string, version: string) => {
    const answer = await fetch(`${registry.url}${name}/${version}`)
    const { dist } = (await answer.json()) as { dist: { tarball: string; integrity: string } }
    return { version, resolved: dist.tarball, integrity: dist.integrity }
  }
  const entries = { leaf: await entry('leaf', leaf), stem: await entry('stem', '2.0.0') }
  const head = { name: 'project', version: '1.0.0', lockfileVersion, requires: true }
  // npm 5 wrote the version that it had chosen where later ones write the range.
  const v1 = { dependencies: { leaf: entries.leaf, stem: { ...entries.stem, requires: { leaf } } } }
  const v3 = {
    packages: {
      '': { name: 'project', version: '1.0.0', dependencies: { stem: '^2.0.0' } },
      'node_modules/leaf': entries.leaf,
      'node_modules/stem': { ...entries.stem, dependencies: { leaf: '^1.0.0' } },
    },
  }
  return `${JSON.stringify({ ...head, ...(lockfileVersion === 1 ? v1 : v3) }, undefined, 2)}\n`
}

function projectWith(before: string, after: string, dependencies = '"stem":"^2.0.0"') {
  const project = makeProject(registry.url, {
    'package.json': `{"name":"project","version":"1.0.0","dependencies":{${dependencies}}}\n`,
    'package-lock.json': before,
  })
  const check: NativeCheck = {
    folder: project.folder,
    files: [{ path: 'package-lock.json', before, after, beforeSha256: sha, afterSha256: sha }],
    manifests: [],
    npm,
    environment: { ...project.env, PATH: process.env['PATH'], npm_config_cache: project.cacheFolder },
    run: runProcess,
  }
  return { check, [Symbol.dispose]: () => project[Symbol.dispose]() }
}

const results = (steps: Awaited<ReturnType<typeof verifyWithNpm>>) => steps.map(step => step.result)

test('npm accepts a right lock and leaves it as it is, and the project is not touched', needsNpm, async () => {
  const before = await lockWith('1.0.0')
  using project = projectWith(before, await lockWith('1.0.1'))
  assert.deepEqual(
    (await verifyWithNpm(project.check)).map(
      ({ check, result, detail }) => `${result}: ${check} (${detail.replace(/\d+\.\d+\.\d+\S*(?=,)/, 'X')})`,
    ),
    ['passed: npm ci accepts it (npm X, dry run)', 'passed: npm leaves the file as it is (npm X, byte for byte)'],
  )
  assert.equal(readFileSync(join(project.check.folder, 'package-lock.json'), 'utf8'), before)
})

test('a version outside a range is a fault with npm’s own words', needsNpm, async () => {
  using project = projectWith(await lockWith('1.0.0'), await lockWith('2.0.0'))
  await assert.rejects(verifyWithNpm(project.check), {
    code: 'native-failed',
    message: /npm ci does not accept the result \(EUSAGE\): .* \/ (Invalid|Missing): (.*)leaf@/,
  })
})

test('an orphan that npm would sweep away is a fault that names it', needsNpm, async () => {
  const orphan = (await lockWith('1.0.1')).replace(
    '"node_modules/stem"',
    '"node_modules/orphan": { "version": "1.0.0" },\n    "node_modules/stem"',
  )
  using project = projectWith(await lockWith('1.0.0'), orphan)
  await assert.rejects(verifyWithNpm(project.check), {
    code: 'native-failed',
    message: 'npm install would rewrite package-lock.json, although npm leaves the original as it is: "node_modules/orphan": removed.',
  })
})

test('what npm rewrites in the original too is not held against the result, anything beyond is', needsNpm, async () => {
  const before = await lockWith('1.0.0', 1)
  const after = await lockWith('1.0.1', 1)
  using project = projectWith(before, after)
  const steps = await verifyWithNpm(project.check)
  assert.deepEqual(results(steps), ['passed', 'passed'])
  assert.match(steps[1]?.detail ?? '', /rewrites the original too \(1 entry\), and nothing beyond that$/)
  using orphaned = projectWith(before, after.replace('"stem": {', '"orphan": { "version": "1.0.0" },\n    "stem": {'))
  await assert.rejects(verifyWithNpm(orphaned.check), {
    code: 'native-failed',
    message: /only 1 entry of the original: orphan: removed\.$/,
  })
})

test('where npm gives up on the original too, the check is skipped and says so', needsNpm, async () => {
  using project = projectWith(await lockWith('1.0.0'), await lockWith('1.0.1'), '"stem":"^2.0.0","leaf":"1","picky":"1.0.0"')
  const steps = await verifyWithNpm(project.check)
  assert.deepEqual(results(steps), ['skipped', 'skipped'])
  for (const { detail } of steps) assert.match(detail, /^npm refuses the original too: ERESOLVE/)
})

/** An npm that answers as it is told, and what it was asked. */
function actor(answer: (parameters: readonly string[], folder: string) => Partial<Awaited<ReturnType<RunProcess>>>) {
  const asked: {
    readonly command: string
    readonly parameters: readonly string[]
    readonly environment: Readonly<Record<string, unknown>>
  }[] = []
  const run: RunProcess = async (command, parameters, { folder, environment }) => {
    asked.push({ command, parameters, environment })
    return { exitCode: 0, timedOut: false, stdout: '10.0.0\n', stderr: '', tail: '', ...answer(parameters, folder) }
  }
  return { asked, run }
}

function madeUp(run: RunProcess, more: Partial<NativeCheck> = {}) {
  const project = makeProject('https://registry.example/', { 'package.json': '{"name":"x"}' })
  const file = {
    path: 'package-lock.json',
    before: '{"lockfileVersion":3}',
    after: '{"lockfileVersion":3} ',
    beforeSha256: sha,
    afterSha256: sha,
  }
  const check = { folder: project.folder, files: [file], manifests: [], npm: 'npm', environment: {}, run, ...more }
  return { check, project, [Symbol.dispose]: () => project[Symbol.dispose]() }
}

test('without npm, or with one that cannot try without installing, the check is skipped', async () => {
  const old = actor(() => ({ stdout: '6.14.18\n' }))
  using project = madeUp(old.run)
  assert.deepEqual(await verifyWithNpm({ ...project.check, npm: undefined }), [
    { check: 'npm', result: 'skipped', detail: 'npm is not installed' },
  ])
  const [step] = await verifyWithNpm(project.check)
  assert.match(step?.detail ?? '', /^npm 6\.14\.18 cannot check without installing/)
  assert.deepEqual(
    old.asked.flatMap(({ parameters }) => parameters),
    ['--version'],
  )
})

test('npm never runs scripts, works under the project’s own folder name, and hears nothing of an npm around it', async () => {
  const folders: string[] = []
  const spy = actor((_, folder) => {
    folders.push(folder)
    return {}
  })
  using project = madeUp(spy.run, {
    environment: { npm_config_cache: '/c', npm_config_local_prefix: '/elsewhere', npm_lifecycle_event: 'fix', npm_config_workspace: 'a' },
  })
  assert.deepEqual(results(await verifyWithNpm(project.check)), ['passed', 'passed'])
  const [, ...calls] = spy.asked
  assert.equal(calls.length, 2)
  for (const { parameters, environment } of calls) {
    assert.ok(parameters.includes('--ignore-scripts'))
    assert.deepEqual(Object.keys(environment).sort(), [
      'GIT_TERMINAL_PROMPT',
      'npm_config_audit',
      'npm_config_cache',
      'npm_config_update_notifier',
    ])
  }
  const [, ...copies] = folders
  assert.equal(new Set(copies).size, 2)
  for (const copy of copies) {
    assert.equal(basename(copy), basename(project.check.folder))
    assert.throws(() => readFileSync(join(dirname(copy), 'x')), { code: 'ENOENT' })
  }
})

test('npm says no only after it has asked the registry; offline it is skipped', async () => {
  const stderr = 'npm error code ENOTCACHED\nnpm error request failed\n'
  const stale = actor(parameters => (parameters.includes('--prefer-offline') ? { exitCode: 1, stderr } : {}))
  using project = madeUp(stale.run)
  assert.deepEqual(results(await verifyWithNpm(project.check)), ['passed', 'passed'])
  const offline = actor(parameters => (parameters.includes('--offline') ? { exitCode: 1, stderr } : {}))
  assert.deepEqual(results(await verifyWithNpm({ ...project.check, run: offline.run, offline: true })), ['skipped', 'skipped'])
})

test('an npm that does not end, cannot be started or says nothing is a coded fault, with no control characters in it', async () => {
  const only = (answer: Parameters<typeof actor>[0]) =>
    actor((parameters, folder) => (parameters[0] === '--version' ? {} : answer(parameters, folder))).run
  using project = madeUp(only(() => ({ exitCode: null, timedOut: true })))
  await assert.rejects(verifyWithNpm(project.check), { code: 'native-failed', message: /did not end within 10 minutes/ })
  const missing = only(() => ({ exitCode: null, failed: 'spawn npm ENOENT' }))
  await assert.rejects(verifyWithNpm({ ...project.check, run: missing }), {
    code: 'native-failed',
    message: /could not be started: spawn npm ENOENT/,
  })
  let runs = 0
  const evil = only(() => ({
    exitCode: 1,
    stderr: `npm ERR! code EEVIL${runs}\nnpm ERR! \u001b[2Jbad\u202e news ${runs++}\nnpm ERR! A complete log of this run can be found in:\n`,
  }))
  await assert.rejects(verifyWithNpm({ ...project.check, run: evil }), {
    code: 'native-failed',
    message: /^npm ci does not accept the result \(EEVIL\d\): bad news \d$/,
  })
})

test('a patch that names a path outside the project is refused before npm is asked', async () => {
  using project = madeUp(actor(() => ({})).run)
  for (const path of ['../x.json', '/x.json', 'a/../../x.json', 'node_modules/x/package.json', '']) {
    const files = project.check.files.map(file => ({ ...file, path }))
    await assert.rejects(verifyWithNpm({ ...project.check, files }), { code: 'native-failed', message: /outside the project/ })
  }
})
