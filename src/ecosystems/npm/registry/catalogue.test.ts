import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeProject, type TestProject } from '../../../../test/registry/project.ts'
import { type LoopbackRegistry, startRegistry, type TestPackages } from '../../../../test/registry/server.ts'
import { Fault } from '../../../model/faults.ts'
import { type CatalogueOptions, type NpmCatalogue, openCatalogue } from './catalogue.ts'
import { loadNpmConfig } from './npm-config.ts'

const packages: TestPackages = {
  a: { versions: { '1.0.0': { dependencies: { b: '^1.0.0' } }, '1.1.0': {} }, time: { '1.0.0': '2024-01-01T00:00:00.000Z' } },
  b: { versions: { '1.0.0': { scripts: { install: 'node-gyp rebuild' } } } },
  '@s/c': { versions: { '2.0.0': {} } },
}
const start = new Date('2025-01-01T00:00:00Z').getTime()
const minutes = (count: number) => () => new Date(start + count * 60_000)

async function open(project: TestProject, options: Partial<CatalogueOptions> = {}): Promise<NpmCatalogue> {
  const config = await loadNpmConfig({ folder: project.folder, env: project.env, execPath: project.execPath })
  return openCatalogue({
    config,
    cacheFolder: project.cacheFolder,
    needPublishTimes: false,
    now: minutes(0),
    ...options,
    limits: { backoffMs: 1, ...options.limits },
  })
}

function fault(code: string, ...words: RegExp[]) {
  return (error: unknown) => error instanceof Fault && error.code === code && words.every(word => word.test(error.message))
}

function names(registry: LoopbackRegistry): readonly string[] {
  return registry.requests
    .splice(0)
    .map(request => `${request.kind} ${request.name ?? ''}`)
    .sort()
}

test('loads packages with their needs; one the registry does not have has no versions', async () => {
  await using registry = await startRegistry({ packages, gzip: true })
  using project = makeProject(registry.url)
  const catalogue = await open(project)
  assert.equal(catalogue.get('a'), undefined)
  await catalogue.load(['a', 'b', '@s/c', 'missing', 'a'])
  assert.deepEqual(
    catalogue.get('a')?.versions.map(each => each.version),
    ['1.0.0', '1.1.0'],
  )
  assert.equal(catalogue.get('a')?.versions[0]?.dependencies?.['b'], '^1.0.0')
  assert.equal(catalogue.get('a')?.versions[0]?.published, undefined)
  assert.equal(catalogue.get('a')?.tags['latest'], '1.1.0')
  assert.equal(catalogue.get('b')?.versions[0]?.hasInstallScript, true)
  assert.deepEqual(catalogue.get('missing')?.versions, [])
  assert.match(catalogue.metadataDigest('a') ?? '', /^[0-9a-f]{64}$/)
  assert.ok(registry.requests.every(request => request.accept.includes('install-v1') || request.name === 'missing'))
})

test('a name that no registry can have is never asked for', async () => {
  await using registry = await startRegistry()
  using project = makeProject(registry.url)
  const catalogue = await open(project)
  const bad = ['../x', '/etc/passwd', '__proto__', '.a', 'a/b/c', '@s/..', 'a b', '', 'a?b', 'x'.repeat(300), '\u001b[2J', 'a%2fb']
  await catalogue.load(bad)
  for (const name of bad) assert.deepEqual(catalogue.get(name)?.versions, [], name)
  assert.equal(registry.requests.length, 0)
})

test('publish times come from the whole document, and only when they are needed', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url)
  await (await open(project)).load(['a'])
  const catalogue = await open(project, { needPublishTimes: true })
  await catalogue.load(['a'])
  assert.equal(catalogue.get('a')?.versions[0]?.published, '2024-01-01T00:00:00.000Z')
  assert.deepEqual(
    registry.requests.map(request => request.accept.includes('install-v1')),
    [true, false],
  )
})

test('a second plan asks nothing while the cache is fresh, then only whether it still holds', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url)
  const load = async (options: Partial<CatalogueOptions>) => {
    const catalogue = await open(project, options)
    await catalogue.load(['a', 'b', '@s/c'])
    return catalogue
  }
  const first = await load({})
  assert.equal(registry.requests.splice(0).length, 3)
  const second = await load({ now: minutes(4) })
  assert.equal(registry.requests.length, 0)
  assert.deepEqual(second.counts, { cached: 3, requests: 0, unchanged: 0 })
  assert.deepEqual(second.get('a'), first.get('a'))
  assert.equal(second.metadataDigest('a'), first.metadataDigest('a'))

  const third = await load({ now: minutes(6) })
  assert.deepEqual(
    registry.requests.splice(0).map(request => request.status),
    [304, 304, 304],
  )
  assert.deepEqual(third.get('a'), first.get('a'))
  await load({ now: minutes(10) })
  assert.equal(registry.requests.length, 0, 'an answer that still holds is fresh again')

  registry.publish('a', { versions: { '3.0.0': {} } })
  const fourth = await load({ now: minutes(20) })
  assert.deepEqual(
    registry.requests
      .splice(0)
      .map(request => request.status)
      .sort(),
    [200, 304, 304],
  )
  assert.deepEqual(
    fourth.get('a')?.versions.map(each => each.version),
    ['3.0.0'],
  )
  assert.notEqual(fourth.metadataDigest('a'), first.metadataDigest('a'))

  await load({ now: minutes(90_000), offline: true })
  await load({ now: minutes(-600) })
  assert.equal(registry.requests.splice(0).length, 3, 'an entry from the future is asked about')
})

test('the registry says how long its answers hold', async () => {
  for (const [cacheControl, later, asks] of [
    ['public, max-age=3600', 50, 0],
    ['max-age=60', 2, 1],
    ['no-cache', 0, 1],
    ['no-store', 0, 1],
  ] as const) {
    await using registry = await startRegistry({ packages, cacheControl })
    using project = makeProject(registry.url)
    await (await open(project)).load(['a'])
    const again = await open(project, { now: minutes(later) })
    await again.load(['a'])
    assert.equal(registry.requests.length - 1, asks, cacheControl)
    assert.equal(again.counts.unchanged, cacheControl === 'no-store' ? 0 : asks, cacheControl)
  }
})

test('offline, what the cache lacks is a fault that names it', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url)
  const catalogue = await open(project, { offline: true })
  await assert.rejects(catalogue.load(['a']), fault('registry-unreachable', /^a is not in the cache/))
  assert.equal(registry.requests.length, 0)
})

test('damaged cache entries are fetched again', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url)
  const first = await open(project)
  await first.load(['a', 'b'])
  const files = readdirSync(project.cacheFolder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  assert.equal(files.length, 1)
  const path = join(files[0]?.parentPath ?? '', files[0]?.name ?? '')
  const good = readFileSync(path)
  // Everywhere once: in the prefix, in the head, in the records, and cut off.
  for (let position = 0; position < good.length; position += 13) {
    const bad = Buffer.from(good)
    bad.writeUInt8(bad.readUInt8(position) ^ 0x20, position)
    writeFileSync(path, position % 2 === 0 ? bad : good.subarray(0, position))
    const catalogue = await open(project, { cacheFolder: project.cacheFolder, now: minutes(1) })
    await catalogue.load(['a', 'b'])
    assert.deepEqual(catalogue.get('a'), first.get('a'), `byte ${position}`)
    assert.ok(catalogue.counts.requests > 0)
    for (const entry of readdirSync(files[0]?.parentPath ?? ''))
      if (entry !== files[0]?.name) writeFileSync(join(files[0]?.parentPath ?? '', entry), '')
  }
})

test('a registry that fails for a moment is asked again', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url)
  const failures = [
    { status: 503 },
    { status: 429, headers: { 'retry-after': '0.01' } },
    { reset: true },
    { truncate: true },
    { status: 500 },
  ] as const
  for (const wrong of failures) {
    registry.misbehave = request => (request.before < 2 ? wrong : undefined)
    const name = `p${failures.indexOf(wrong)}`
    registry.publish(name, { versions: { '1.0.0': {} } })
    const catalogue = await open(project, { cacheFolder: undefined })
    await catalogue.load([name])
    assert.equal(catalogue.get(name)?.versions.length, 1)
    assert.equal(registry.requests.splice(0).length, 3, JSON.stringify(wrong))
  }
})

test('one package that fails fails the load, with a fault that names it, and the rest is kept', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url)
  const cases = [
    [{ status: 500 }, 'registry-unreachable', /HTTP 500, 3 times/],
    [{ status: 401 }, 'registry-refused', /HTTP 401/],
    [{ status: 403 }, 'registry-refused', /HTTP 403/],
    [{ status: 418 }, 'registry-invalid', /HTTP 418/],
    [{ status: 429, headers: { 'retry-after': '9999' } }, 'registry-unreachable', /too many requests/],
    [{ body: '{"name":"a","versions":' }, 'registry-invalid', /not JSON/],
    [{ body: '{"name":"b","versions":{}}' }, 'registry-invalid', /another package/],
    [{ body: '<html>sign in</html>' }, 'registry-invalid', /not JSON/],
    [{ truncate: true }, 'registry-unreachable', /3 times/],
    [{ reset: true }, 'registry-unreachable', /3 times/],
    [{ hugeBytes: 3_000_000 }, 'registry-invalid', /more than 1 MB/],
  ] as const
  for (const [wrong, code, words] of cases) {
    registry.misbehave = request => (request.name === 'a' ? wrong : undefined)
    const catalogue = await open(project, { limits: { documentBytes: 1_000_000, longestPauseMs: 1000 } })
    await assert.rejects(catalogue.load(['b', 'a']), fault(code, / about a/, words), JSON.stringify(wrong))
    assert.equal(catalogue.get('a'), undefined)
  }
  registry.misbehave = undefined
  const after = await open(project)
  await after.load(['a', 'b'])
  assert.equal(after.counts.cached, 1)
})

test('a registry that never answers, or is not there, costs a clear fault in bounded time', async () => {
  await using registry = await startRegistry({ packages, misbehave: request => (request.name === 'a' ? { hang: true } : { delayMs: 300 }) })
  using project = makeProject(registry.url)
  const limits = { silenceMs: 60, attemptMs: 2000, attempts: 2 }
  await assert.rejects(
    (await open(project, { limits })).load(['a']),
    fault('registry-unreachable', /about a was not answered in time, 2 times/),
  )
  await assert.rejects(
    (await open(project, { limits: { ...limits, silenceMs: 5000, attemptMs: 60 } })).load(['b']),
    fault('registry-unreachable', /in time/),
  )
  await registry.close()
  await assert.rejects((await open(project, { limits })).load(['a']), fault('registry-unreachable', /ECONNREFUSED/))
})

test('an interrupted load ends at once, with the reason', async () => {
  await using registry = await startRegistry({ packages, misbehave: () => ({ hang: true }) })
  using project = makeProject(registry.url)
  const controller = new AbortController()
  const catalogue = await open(project, { signal: controller.signal })
  const loading = catalogue.load(['a'])
  setTimeout(() => controller.abort(new Error('enough')), 50)
  await assert.rejects(loading, /enough/)
})

test('no more requests run at a time than is polite, or than npm is told', async () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`p${index}`, { versions: { '1.0.0': {} } }]))
  for (const [line, most] of [
    ['', 12],
    ['maxsockets=3\n', 3],
  ] as const) {
    await using registry = await startRegistry({ packages: many, misbehave: () => ({ delayMs: 5 }) })
    using project = makeProject(registry.url, { '.npmrc': `registry=${registry.url}\n${line}` })
    let running = 0
    let highest = 0
    registry.misbehave = () => {
      highest = Math.max(highest, ++running)
      setTimeout(() => running--, 4)
      return { delayMs: 5 }
    }
    const seen: string[] = []
    await (await open(project, { progress: (done, total) => void seen.push(`${done}/${total}`) })).load(Object.keys(many))
    assert.ok(highest <= most && highest > most / 2, `${highest} of ${most}`)
    assert.deepEqual([seen[0], seen.at(-1), seen.length], ['1/40', '40/40', 40])
  }
})

test('processes that load at the same time do not harm each other, and packs are merged', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url)
  for (let round = 0; round < 4; round++) {
    const together = await Promise.all(Array.from({ length: 4 }, () => open(project, { now: minutes(round * 10) })))
    await Promise.all(together.map(catalogue => catalogue.load(['a', 'b', '@s/c'])))
    for (const catalogue of together) assert.equal(catalogue.get('a')?.versions.length, 2)
  }
  registry.requests.length = 0
  const last = await open(project, { now: minutes(31) })
  await last.load(['a', 'b', '@s/c'])
  assert.equal(names(registry).length, 0)
  const files = readdirSync(project.cacheFolder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  assert.ok(files.length <= 9, `${files.length} packs`)
})

test('a cache that cannot be written is told, and stops nothing', async () => {
  await using registry = await startRegistry({ packages })
  using project = makeProject(registry.url, { 'not-a-folder': '' })
  const warnings: string[] = []
  const catalogue = await open(project, {
    cacheFolder: join(project.folder, 'not-a-folder'),
    warn: sentence => void warnings.push(sentence),
  })
  await catalogue.load(['a'])
  assert.equal(catalogue.get('a')?.versions.length, 2)
  assert.equal(warnings.length, 1)
})
