import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { ImageToWrite } from '../../model/image.ts'
import { OCI_EMPTY, OCI_MANIFEST } from '../media-types.ts'
import { patchedImage } from '../patched.ts'
import { documentOf, makeImage, makeIndex, makeLayer, memorySource, wholeOf } from '../testing/make-image.ts'
import { collect } from '../verified-bytes.ts'
import { wholeImage } from '../whole-image.ts'
import { registryClient } from './client.ts'
import { registrySink } from './sink.ts'
import { registrySource } from './source.ts'
import { listTags } from './tags.ts'
import { registryReference, testAccess } from './testing/access.ts'
import type { ServerOptions, TestRegistry } from './testing/registry-server.ts'
import { end, startRegistry } from './testing/registry-server.ts'

const LOGIN = { username: 'someone', password: 'with:colon' }

async function started(context: TestContext, options: ServerOptions = {}) {
  const server = await startRegistry(options)
  const access = testAccess(options.login === undefined ? undefined : async () => ({ kind: 'password', ...LOGIN }))
  context.after(async () => {
    await access.transport.close()
    await server.close()
  })
  const place = (repository: string) => ({ host: server.host, repository, insecure: false })
  const from = (name: string) => {
    const reference = registryReference(`${server.host}/${name}`)
    return registrySource(access, reference, [{ ...place(reference.repository), mirror: false, pulls: 'all' as const }])
  }
  const into = (name: string) => {
    const reference = registryReference(`${server.host}/${name}`)
    return registrySink(access, reference, place(reference.repository))
  }
  return { server, access, from, into }
}

function sent(server: TestRegistry, method: string): string[] {
  return server.requests.filter(request => request.startsWith(`${method} `))
}

test('an image is pushed and read back, digest for digest, with a login', async context => {
  const { server, from, into } = await started(context, { login: LOGIN })
  const made = makeImage()
  const written = await into('team/name:v1').write(wholeOf(made))
  assert.equal(written.digest, made.image.manifest.descriptor.digest)
  assert.equal(written.blobsWritten, 3)
  assert.equal(written.before, undefined)
  const source = from('team/name:v1')
  const whole = await wholeImage(source)
  assert.deepEqual(whole.root.bytes, Buffer.from(made.image.manifest.bytes))
  for (const { descriptor } of whole.blobs) {
    assert.deepEqual(await collect(source.blob(descriptor), 1e6, 'it'), made.blobs.get(descriptor.digest))
  }
  assert.ok(server.requests.at(-1)?.includes('/blobs/'))
})

test('a patch of an image in the same registry sends the layer and the config; the rest is there, or mounted', async context => {
  const { server, from, into } = await started(context)
  const made = makeImage()
  await into('base/name:v1').write(wholeOf(made))
  const whole = await wholeImage(from('base/name:v1'))
  const layer = makeLayer('fix')
  const patch = { image: made.image, layer, created: '2026-01-01T00:00:00Z', createdBy: 'suture fix', tool: 'suture 1' }
  const { image } = patchedImage(whole, [patch])
  const same = await into('base/name:v2').write(image)
  assert.equal(same.blobsWritten, 2)
  server.requests.length = 0
  const other = await into('fleet/other:v2').write(image)
  assert.equal(other.blobsWritten, 2)
  assert.equal(sent(server, 'POST').filter(request => request.includes('mount=')).length, 2)
  assert.equal(sent(server, 'GET').filter(request => request.includes('/blobs/')).length, 0)
  assert.equal(server.requests.at(-1), 'PUT /v2/fleet/other/manifests/v2')
  const again = await into('fleet/other:v2').write(image)
  assert.equal(again.before, image.root.descriptor.digest)
  assert.equal(again.bytesWritten, 0)
})

test('the tag is set last, after all that it leads to', async context => {
  const { server, into } = await started(context)
  const { root, blobs } = makeIndex([makeImage(), makeImage({ architecture: 'arm64', layers: ['arm'] })])
  await into('team/name:v1').write(await wholeImage(memorySource(root, blobs)))
  const puts = sent(server, 'PUT').filter(request => request.includes('/manifests/'))
  assert.equal(puts.length, 6)
  assert.ok(puts.at(-2)?.endsWith(root.descriptor.digest))
  assert.equal(server.requests.at(-1), 'PUT /v2/team/name/manifests/v1')
})

test('a push that stops leaves the tag where it was', async context => {
  let broken = false
  const { server, into } = await started(context, {
    intercept: (request, response) => {
      if (!broken || request.method !== 'PUT' || request.url?.includes('uploads') !== true) return false
      end(response, 503)
      return true
    },
  })
  await into('team/name:v1').write(wholeOf(makeImage()))
  const before = server.manifests.get('team/name v1')
  broken = true
  await assert.rejects(into('team/name:v1').write(wholeOf(makeImage({ layers: ['new'] }))), { code: 'image-push-failed' })
  assert.equal(server.manifests.get('team/name v1'), before)
})

test('a blob that is too large for one piece goes in several', async context => {
  const { server, into } = await started(context, { largest: 1024 * 1024 })
  const bytes = Buffer.alloc(17 * 1024 * 1024, 7)
  const layer = documentOf('application/vnd.oci.image.layer.v1.tar', bytes)
  const made = makeImage()
  const whole = wholeOf(made)
  await into('team/name:v1').write({ ...whole, blobs: [...whole.blobs, { descriptor: layer.descriptor, bytes }] })
  assert.equal(sent(server, 'PATCH').length, 17)
  assert.ok(server.blobs.get(`team/name ${layer.descriptor.digest}`)?.equals(bytes))
})

test('a download that breaks off goes on where it stopped', async context => {
  let cuts = 0
  const { server, from, into } = await started(context, {
    intercept: (request, response, server) => {
      if (request.method !== 'GET' || request.url?.includes('/blobs/') !== true || cuts >= 3) return false
      const bytes = server.blobs.get(`team/name ${request.url.split('/').at(-1)}`)
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      if (bytes === undefined || bytes.length < 100_000) return false
      cuts++
      const range = start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}
      response.writeHead(start > 0 ? 206 : 200, { 'content-length': `${bytes.length - start}`, ...range })
      response.write(bytes.subarray(start, start + 50_000), () => response.destroy())
      return true
    },
  })
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 31) % 251))
  const layer = documentOf('application/vnd.oci.image.layer.v1.tar', bytes)
  const whole = wholeOf(makeImage())
  await into('team/name:v1').write({ ...whole, blobs: [...whole.blobs, { descriptor: layer.descriptor, bytes }] })
  assert.deepEqual(await collect(from('team/name:v1').blob(layer.descriptor), 1e6, 'it'), bytes)
  assert.equal(cuts, 3)
  assert.ok(server.requests.length > 0)
})

test('a registry that is busy is asked again when it says', async context => {
  let busy = 2
  const { access, from, into } = await started(context, {
    intercept: (request, response) => {
      if (request.url?.includes('/manifests/') !== true || request.method !== 'GET' || busy-- <= 0) return false
      end(response, 429, { 'retry-after': '7' })
      return true
    },
  })
  await into('team/name:v1').write(wholeOf(makeImage()))
  await from('team/name:v1').root()
  assert.deepEqual(access.pauses, [7000, 7000])
})

function artefact(whole: ImageToWrite): ImageToWrite['referrers'][number] {
  const empty = documentOf(OCI_EMPTY, '{}')
  const sbom = documentOf('application/vnd.cyclonedx+json', '{"bomFormat":"CycloneDX"}')
  const manifest = documentOf(
    OCI_MANIFEST,
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/vnd.cyclonedx+json',
      config: empty.descriptor,
      layers: [sbom.descriptor],
      subject: whole.root.descriptor,
    }),
  )
  return { manifest, blobs: [empty, sbom] }
}

for (const referrers of [true, false]) {
  test(`artefacts are attached and found, ${referrers ? 'by the registry’s own list' : 'by the tag that is kept where there is none'}`, async context => {
    const { server, from, into } = await started(context, { referrers })
    const whole = wholeOf(makeImage())
    const attached = artefact(whole)
    await into('team/name:v1').write({ ...whole, referrers: [attached] })
    await into('team/name:v1').write({ ...whole, referrers: [attached] })
    const found = await from('team/name:v1').referrers(whole.root.descriptor.digest)
    assert.deepEqual(
      found.map(({ digest }) => digest),
      [attached.manifest.descriptor.digest],
    )
    const tag = `team/name ${whole.root.descriptor.digest.replace(':', '-')}`
    assert.equal(server.manifests.has(tag), !referrers)
  })
}

test('a mirror that lacks the image is passed over, and one that lies is not believed', async context => {
  const { server: mirror } = await started(context)
  const { server, access, into } = await started(context)
  const made = makeImage()
  await into('team/name:v1').write(wholeOf(made))
  const reference = registryReference(`${server.host}/team/name:v1`)
  const locations = [mirror, server].map(({ host }) => ({
    host,
    repository: 'team/name',
    insecure: false,
    mirror: host === mirror.host,
    pulls: 'all' as const,
  }))
  const source = registrySource(access, reference, locations)
  assert.equal((await source.root()).descriptor.digest, made.image.manifest.descriptor.digest)
  assert.ok(mirror.requests.length > 0)
  mirror.blobs.set(`team/name ${made.image.config.descriptor.digest}`, Buffer.from('{"os":"evil"}'.padEnd(made.image.config.bytes.length)))
  const fresh = registrySource(access, reference, locations)
  assert.deepEqual((await fresh.document(made.image.config.descriptor)).bytes, Buffer.from(made.image.config.bytes))
})

test('tags are listed page by page, what is none is left out, and a registry that lists none has none', async context => {
  const { server, access, into } = await started(context, { tagsPerPage: 2 })
  for (const tag of ['v1', 'v2', 'v3', 'v4', 'v5']) await into(`base/name:${tag}`).write(wholeOf(makeImage()))
  server.manifests.set('base/name \u001b[2J', { bytes: Buffer.from('{}'), type: OCI_MANIFEST })
  const client = (repository: string) => registryClient(access, { host: server.host, repository, insecure: false })
  assert.deepEqual(await listTags(client('base/name')), ['v1', 'v2', 'v3', 'v4', 'v5'])
  assert.deepEqual(await listTags(client('base/other')), [])
  const answers = (status: number, body: string) =>
    startRegistry({
      intercept: (request, response) => request.url?.includes('/tags/') === true && Boolean(end(response, status, {}, body)),
    })
  for (const [status, body, expected] of [
    [404, '', []],
    [403, '', []],
    [200, '{"tags":null}', []],
    [200, '[', 'image-registry-invalid'],
    [200, '['.repeat(100), 'image-registry-invalid'],
  ] as const) {
    const other = await answers(status, body)
    const listed = listTags(registryClient(access, { host: other.host, repository: 'x', insecure: false }))
    if (typeof expected === 'string') await assert.rejects(listed, { code: expected })
    else assert.deepEqual(await listed, expected)
    await other.close()
  }
})
