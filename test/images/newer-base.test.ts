/** Newer images beside the layer: the same tag moved on, a later tag of the line, the base that an image names; and files that name images. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { documentOf } from '../../src/images/testing/make-image.ts'
import { basesIn, NEWER, nameOf } from './bases.ts'
import { INSTALLED } from './packages.ts'

test('a later tag of the line is priced beside the layer: findings, packages, bytes, settings', async context => {
  const { shop, registry, put, old, newer } = await basesIn(context)
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

test('--no-newer-base asks the registry for nothing but the image', async context => {
  const { shop, registry, put, old, newer } = await basesIn(context)
  const reference = put('team/base:12.4', old())
  put('team/base:12.6', newer())
  const words = ['plan', reference, '--advisories', shop.advisories] as const
  assert.match((await shop.cli(...words)).out, /Newer base/)
  registry.requests.splice(0)
  assert.doesNotMatch((await shop.cli(...words, '--no-newer-base')).out, /Newer base/)
  assert.ok(registry.requests.length > 0 && registry.requests.every(request => !/\/tags\/|12\.6/.test(request)))
})

test('a base that fixes what the layer cannot is said to be better, and what to write is shown', async context => {
  const { shop, put, old, newer } = await basesIn(context)
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
  const { shop, put, old, newer } = await basesIn(context)
  const { digest } = old().image.manifest.descriptor
  const reference = put('team/base:stable', old())
  assert.equal((await shop.plan(`${reference}@${digest}`)).bases, undefined)
  put('team/base:stable', newer())
  const { bases } = await shop.plan(`${reference}@${digest}`)
  assert.equal(bases?.newer[0]?.reference, `${reference}@${newer().image.manifest.descriptor.digest}`)
})

test('of an image that names its base, the base is what may be newer; what stands above it stays', async context => {
  const { shop, registry, put, old, newer } = await basesIn(context)
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

test('what an image says of its base has to hold, and the base has to be there', async context => {
  const { shop, registry, put, old, newer } = await basesIn(context)
  put('team/base:12.4', old())
  put('team/base:12.5', newer())
  const saying = (digest: string) => {
    const app = shop.image({ conffile: 'another image\n' })
    const text = JSON.parse(Buffer.from(app.image.manifest.bytes).toString('utf8'))
    const name = `${registry.host}/team/base:12.4`
    const annotations = { 'org.opencontainers.image.base.name': name, 'org.opencontainers.image.base.digest': digest }
    const manifest = documentOf(app.image.manifest.descriptor.mediaType, JSON.stringify({ ...text, annotations }))
    return put('team/app:7', { ...app, image: { ...app.image, manifest } })
  }
  const lying = await shop.plan(saying(old().image.manifest.descriptor.digest))
  assert.deepEqual(lying.bases?.newer, [])
  assert.match(lying.bases?.notes.join() ?? '', /is not built on it/)
  const gone = await shop.plan(saying(`sha256:${'0'.repeat(64)}`))
  assert.deepEqual(gone.bases?.newer, [])
  assert.match(gone.bases?.notes.join() ?? '', /base that the image names is not compared/)
})

test('a newer base that is worse is shown, and the layer is said to fix more', async context => {
  const { shop, put, old } = await basesIn(context)
  const reference = put('team/base:12.4', shop.image({ packages: NEWER.map((item, at) => INSTALLED.slice(0, 2)[at] ?? item) }))
  put('team/base:12.5', old())
  const { bases } = await shop.plan(reference)
  assert.ok(bases && bases.layer.riskLeft < (bases.newer[0]?.riskLeft ?? 0))
  assert.equal(bases.better, 'layer')
  assert.match((await shop.cli('plan', reference, '--advisories', shop.advisories)).out, /The layer fixes more than a newer \S+12\.4\./)
})

test('another release of the distribution is shown, and never said to be better', async context => {
  const { shop, put, newer } = await basesIn(context)
  const reference = put('team/base:12.4', shop.image({ held: ['libxml2', 'openssl', 'libssl3'] }))
  const osRelease = 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
  put('team/base:12.10', newer({}, { osRelease }))
  const { bases } = await shop.plan(reference)
  assert.equal(bases?.newer[0]?.release, 'Debian GNU/Linux 13 (trixie)')
  assert.equal(bases?.better, 'layer')
  const { out } = await shop.cli('plan', reference, '--advisories', shop.advisories)
  assert.match(out, /another release:\s+Debian GNU\/Linux 13/)
  assert.match(out, /moves to another release of the distribution/)
})

test('the plan stands where the registry tells no tags, or a newer image cannot be read: the output says so', async context => {
  const listing = { isBroken: true }
  const { shop, registry, put, old, newer } = await basesIn(context, {
    intercept(request, response) {
      if (!listing.isBroken || request.url?.includes('/tags/list') !== true) return false
      response.writeHead(200).end('{"tags":')
      return true
    },
  })
  const reference = put('team/base:12.4', old())
  const latest = newer()
  put('team/base:12.5', latest)
  const { plan, bases } = await shop.plan(reference)
  assert.ok(plan.changes.length > 0)
  assert.match(bases?.notes.join() ?? '', /is there newer is not known/)
  listing.isBroken = false
  registry.blobs.delete(`team/base ${latest.image.config.descriptor.digest}`)
  const { out, code } = await shop.cli('plan', reference, '--advisories', shop.advisories)
  assert.match(out, /12\.5 is newer, but not compared/)
  assert.equal(code, (await shop.cli('plan', shop.layout('same', old()), '--advisories', shop.advisories)).code)
})

test('nothing is newer, nothing to fix, or no registry: nothing is said', async context => {
  const { shop, put, old, newer } = await basesIn(context)
  assert.equal((await shop.plan(put('team/base:12.4', old()))).bases, undefined)
  assert.equal((await shop.plan(put('team/base:12.5', newer()), { only: [] })).bases, undefined)
  assert.equal((await shop.plan(shop.layout('folder', old()))).bases, undefined)
})

test('a Dockerfile is read: what ships decides, build stages and unknown images are told apart', async context => {
  const { shop, put, old } = await basesIn(context)
  const [vulnerable, clean] = [
    put('team/base:12.4', old()),
    put('team/clean:1', shop.image({ packages: NEWER.filter(({ control }) => nameOf(control) === 'tzdata') })),
  ]
  const file = join(shop.working, 'Dockerfile')
  const scan = () => shop.cli('scan', 'Dockerfile', '--advisories', shop.advisories)
  writeFileSync(
    file,
    `ARG BASE=${clean}\nFROM ${vulnerable} AS build\nFROM $BASE\nCOPY --from=build /opt/app /opt/app\nCOPY --from=${clean} /x /x\n`,
  )
  const ships = await scan()
  assert.equal(ships.code, 0, ships.out + ships.err)
  assert.match(ships.out, /Dockerfile:2 FROM \S+ as build · a build stage, which does not ship/)
  assert.match(ships.out, /Dockerfile:5 copies from/)
  writeFileSync(file, `FROM ${vulnerable} AS build\nFROM scratch\nCOPY --from=build / /\n`)
  assert.equal((await scan()).code, 1)
  writeFileSync(file, `FROM ${vulnerable}\n`)
  assert.equal((await scan()).code, 1)
  writeFileSync(file, `FROM ${clean}\nFROM $NOWHERE\n`)
  const unknown = await scan()
  assert.equal(unknown.code, 1)
  assert.match(unknown.out, /Not looked at: it depends on NOWHERE, which has no value here/)
  writeFileSync(file, 'FROM scratch\n')
  assert.match((await scan()).err, /dockerfile-invalid/)
})

test('a file leads to registries alone; what keeps every image from being looked at is told once', async context => {
  const { shop, put, old } = await basesIn(context)
  const reference = put('team/base:12.4', old())
  const file = join(shop.working, 'Dockerfile')
  writeFileSync(file, `FROM ${shop.layout('folder', old())} AS a\nFROM - AS b\nFROM docker-archive:/etc/hostname\n`)
  const local = await shop.cli('scan', 'Dockerfile', '--advisories', shop.advisories)
  assert.equal(local.code, 1)
  assert.equal(local.out.match(/Not looked at: it names no image in a registry/g)?.length, 3)
  const clean = put('team/clean:1', shop.image({ packages: NEWER.filter(({ control }) => nameOf(control) === 'tzdata') }))
  writeFileSync(file, `FROM ${reference}\nFROM ${clean}\n`)
  const one = await shop.cli('plan', 'Dockerfile', '--only', 'openssl', '--advisories', shop.advisories)
  assert.equal(one.code, 0, one.out)
  assert.match(one.out, /No finding here is about openssl/)
  assert.match((await shop.cli('plan', 'Dockerfile', '--only', 'nothing', '--advisories', shop.advisories)).err, /not-found/)
  assert.match((await shop.cli('scan', 'Dockerfile', '--advisories', join(shop.root, 'nowhere'))).err, /file-unreadable/)
})

test('a compose file is read with its Dockerfiles; each image is planned for once, and one that is missing is told', async context => {
  const { shop, registry, put, old } = await basesIn(context)
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
