/** Newer images beside the layer: the same tag moved on, a later tag of the line, the base that an image names; and files that name images. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { startRegistry } from '../../src/images/registry/testing/registry-server.ts'
import type { LayeredOptions } from '../../src/images/testing/layered-image.ts'
import type { MadeImage } from '../../src/images/testing/make-image.ts'
import { documentOf } from '../../src/images/testing/make-image.ts'
import { INSTALLED, SECURE } from './packages.ts'
import { openWorkshop } from './workshop.ts'

const NEWER = INSTALLED.map(item => SECURE.find(({ control }) => nameOf(control) === nameOf(item.control)) ?? item)

function nameOf(control: string | Readonly<Record<string, string>>): string {
  return typeof control === 'string' ? (/^Package: (.*)$/m.exec(control)?.[1] ?? '') : (control['Package'] ?? '')
}

async function setting(context: TestContext) {
  const shop = await openWorkshop(context)
  const registry = await startRegistry()
  context.after(() => registry.close())
  const put = (name: string, { image, blobs }: MadeImage) => {
    const [repository = '', tag = ''] = name.split(':')
    for (const [digest, bytes] of blobs) registry.blobs.set(`${repository} ${digest}`, Buffer.from(bytes))
    const entry = { bytes: Buffer.from(image.manifest.bytes), type: image.manifest.descriptor.mediaType }
    for (const key of [tag, image.manifest.descriptor.digest]) registry.manifests.set(`${repository} ${key}`, entry)
    return `${registry.host}/${name}`
  }
  const old = (options: LayeredOptions = {}) => shop.image({ options })
  const newer = (options: LayeredOptions = {}) => shop.image({ packages: NEWER, options })
  return { shop, registry, put, old, newer }
}

test('a later tag of the line is priced beside the layer: findings, packages, bytes, settings', async context => {
  const { shop, registry, put, old, newer } = await setting(context)
  const reference = put('team/base:12.4', old({ config: { config: { User: 'app', Env: ['PATH=/bin', 'X_VERSION=1'] } } }))
  const latest = newer({ config: { config: { Env: ['PATH=/usr/bin', 'X_VERSION=2'] } } })
  put('team/base:12.6', latest)
  put('team/base:13.0', newer())
  put('team/base:12.7-slim', newer())
  const { plan, bases } = await shop.plan(reference)
  assert.ok(bases)
  assert.equal(bases.of, reference)
  assert.deepEqual(
    bases.newer.map(item => item.reference),
    [`${registry.host}/team/base:12.6@${latest.image.manifest.descriptor.digest}`],
  )
  const [offer] = bases.newer
  assert.ok(offer)
  assert.equal(offer.findingsLeft, bases.layer.findingsLeft)
  assert.equal(bases.layer.packages, plan.changes.length)
  assert.ok(bases.layer.bytes > 0 && offer.bytes > bases.layer.bytes)
  assert.ok(offer.packages.changed >= plan.changes.length)
  assert.deepEqual(offer.settings, ['Env PATH', 'User'])
  assert.equal(
    bases.better,
    offer.packages.changed + offer.packages.added + offer.packages.removed < plan.changes.length ? offer.reference : 'layer',
  )
})

test('a base that fixes what the layer cannot is said to be better, and what to write is shown', async context => {
  const { shop, put, old, newer } = await setting(context)
  const reference = put('team/base:1.2.3', shop.image({ held: ['libxml2', 'openssl', 'libssl3'] }))
  put('team/base:1.2.4', newer())
  put('team/base:1.2.2', old())
  const { bases } = await shop.plan(reference)
  assert.ok(bases && bases.layer.riskLeft > (bases.newer[0]?.riskLeft ?? 0))
  assert.equal(bases.better, bases.newer[0]?.reference)
  const { out } = await shop.cli('plan', reference, '--advisories', shop.advisories)
  assert.match(out, /Newer base/)
  assert.match(out, new RegExp(`The newer base fixes more: FROM ${bases.better}`))
})

test('a tag beside a digest may have moved on', async context => {
  const { shop, put, old, newer } = await setting(context)
  const { digest } = old().image.manifest.descriptor
  const reference = put('team/base:stable', old())
  assert.equal((await shop.plan(`${reference}@${digest}`)).bases, undefined)
  put('team/base:stable', newer())
  const { bases } = await shop.plan(`${reference}@${digest}`)
  assert.equal(bases?.newer[0]?.reference, `${reference}@${newer().image.manifest.descriptor.digest}`)
})

test('of an image that names its base, the base is what may be newer; what stands above it stays', async context => {
  const { shop, registry, put, old, newer } = await setting(context)
  put('team/base:12.4', old())
  put('team/base:12.5', newer())
  const app = shop.image({ above: [[{ path: 'opt/app', content: 'app' }]] })
  const text = JSON.parse(Buffer.from(app.image.manifest.bytes).toString('utf8'))
  const annotations = {
    'org.opencontainers.image.base.name': `${registry.host}/team/base:12.4`,
    'org.opencontainers.image.base.digest': old().image.manifest.descriptor.digest,
  }
  const manifest = documentOf(app.image.manifest.descriptor.mediaType, JSON.stringify({ ...text, annotations }))
  const reference = put('team/app:7', { ...app, image: { ...app.image, manifest } })
  const { bases } = await shop.plan(reference)
  assert.match(bases?.of ?? '', /team\/base:12\.4@sha256:/)
  assert.match(bases?.newer[0]?.reference ?? '', /team\/base:12\.5@sha256:/)
})

test('nothing is newer, nothing to fix, or no registry: nothing is said', async context => {
  const { shop, put, old, newer } = await setting(context)
  assert.equal((await shop.plan(put('team/base:12.4', old()))).bases, undefined)
  assert.equal((await shop.plan(put('team/base:12.5', newer()), { only: [] })).bases, undefined)
  assert.equal((await shop.plan(shop.layout('folder', old()))).bases, undefined)
})

test('a Dockerfile is read: what ships decides, build stages and unknown images are told apart', async context => {
  const { shop, put, old } = await setting(context)
  const [vulnerable, clean] = [
    put('team/base:12.4', old()),
    put('team/clean:1', shop.image({ packages: NEWER.filter(({ control }) => nameOf(control) === 'tzdata') })),
  ]
  const file = join(shop.working, 'Dockerfile')
  const scan = () => shop.cli('scan', 'Dockerfile', '--advisories', shop.advisories)
  writeFileSync(file, `ARG BASE=${clean}\nFROM ${vulnerable} AS build\nFROM $BASE\nCOPY --from=build / /\nCOPY --from=${clean} /x /x\n`)
  const ships = await scan()
  assert.equal(ships.code, 0, ships.out + ships.err)
  assert.match(ships.out, /Dockerfile:2 FROM \S+ as build · a build stage, which does not ship/)
  assert.match(ships.out, /Dockerfile:5 copies from/)
  writeFileSync(file, `FROM ${vulnerable}\n`)
  assert.equal((await scan()).code, 1)
  writeFileSync(file, `FROM ${clean}\nFROM $NOWHERE\n`)
  const unknown = await scan()
  assert.equal(unknown.code, 1)
  assert.match(unknown.out, /Not looked at: it depends on NOWHERE, which has no value here/)
  writeFileSync(file, 'FROM scratch\n')
  assert.match((await scan()).err, /dockerfile-invalid/)
  assert.match((await shop.cli('fix', 'Dockerfile')).err, /usage/)
})

test('a compose file is read with its Dockerfiles; each image is planned for once, and one that is missing is told', async context => {
  const { shop, registry, put, old } = await setting(context)
  const reference = put('team/base:12.4', old())
  mkdirSync(join(shop.working, 'web'))
  writeFileSync(join(shop.working, 'web/Dockerfile'), `ARG TAG\nFROM ${registry.host}/team/base:$TAG\n`)
  writeFileSync(join(shop.working, '.env'), 'TAG=12.4\n')
  writeFileSync(
    join(shop.working, 'compose.yaml'),
    `services:\n  db: { image: "${registry.host}/team/base:\${TAG}" }\n  web: { build: { context: web, args: [TAG] } }\n  gone: { image: ${registry.host}/team/gone:1 }\n  lost: { build: nowhere }\n`,
  )
  const { out, code } = await shop.cli('plan', 'compose.yaml', '--advisories', shop.advisories, '--json')
  const named: {
    file: string
    use: { line: number; reference?: string }
    result?: { plan: { changes: unknown[] } }
    fault?: { code: string }
  }[] = JSON.parse(out)
  assert.equal(code, 1)
  assert.deepEqual(
    named.map(({ file, use, result, fault }) => [file, use.line, use.reference, fault?.code ?? (result?.plan.changes.length ?? 0) > 0]),
    [
      ['compose.yaml', 2, reference, true],
      ['compose.yaml', 4, `${registry.host}/team/gone:1`, 'image-not-found'],
      ['web/Dockerfile', 2, reference, true],
      ['compose.yaml', 5, undefined, 'file-unreadable'],
    ],
  )
  assert.equal(registry.requests.filter(line => line === 'GET /v2/team/base/manifests/12.4').length, 1)
})
