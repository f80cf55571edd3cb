import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startRegistry } from '../../src/images/registry/testing/registry-server.ts'
import { digestOf } from '../../src/images/verified-bytes.ts'
import { placesOf, REPOSITORY, registryWith, statementOf } from './places.ts'
import { differences, readBack } from './read-back.ts'
import { contentOf, faultOf, openWorkshop } from './workshop.ts'

test('the same patched image goes to a folder, either kind of archive and a registry, from either', async context => {
  const shop = await openWorkshop(context)
  const image = shop.image()
  const registry = await registryWith(image)
  context.after(() => registry.close())
  const digests = new Set<string>()
  for (const { kind, reference, digest } of await placesOf(shop, registry, image)) {
    const before = await digest()
    const other = join(shop.root, `from-${kind}`)
    for (const output of [
      `oci:${other}:new`,
      `docker-archive:${other}.docker.tar:team/app:new`,
      `oci-archive:${other}.oci.tar:new`,
      `${registry.host}/other/${kind}:new`,
    ]) {
      const { image: made, receipt = '' } = await shop.fix(reference, { output })
      digests.add(made?.digest ?? '')
      if (!output.startsWith(registry.host)) assert.equal((await readBack(output)).digest, made?.digest, output)
      else assert.ok(registry.manifests.has(`other/${kind} new`))
      const { to, from } = statementOf(shop, receipt).statement.predicate.image
      assert.equal(to.reference, output)
      assert.equal(from.digest, before)
    }
    assert.equal(await digest(), before, `${kind} was touched`)
  }
  assert.equal(digests.size, 1)
})

test('into another folder a fix brings what a fix in place leaves', async context => {
  const shop = await openWorkshop(context)
  const [one, other] = [shop.layout('one'), shop.layout('other')]
  const output = `oci:${join(shop.root, 'apart')}:latest`
  await shop.fix(one, { output })
  await shop.fix(other)
  const [apart, inPlace] = [await readBack(output), await readBack(other)]
  assert.equal(apart.digest, inPlace.digest)
  assert.deepEqual(differences(apart.tree, inPlace.tree), [])
})

test('to the registry that the image came from only the new blobs go, and no layer of the old image is fetched a second time', async context => {
  const shop = await openWorkshop(context)
  const image = shop.image()
  const registry = await registryWith(image)
  context.after(() => registry.close())
  const reference = `${registry.host}/${REPOSITORY}:latest`
  const { image: made } = await shop.fix(reference, { output: `${registry.host}/${REPOSITORY}:patched` })
  const puts = registry.requests.filter(line => /^PUT .*\/blobs\/uploads\//.test(line))
  assert.equal(puts.length, 2, puts.join('\n'))
  assert.ok(
    puts.some(line => line.includes(encodeURIComponent(made?.layers[0]?.digest ?? '')) || line.includes(made?.layers[0]?.digest ?? '?')),
  )
  // By digest, then by tag: the tag is set when all else is there.
  const manifests = registry.requests.filter(line => /^PUT .*\/manifests\//.test(line))
  assert.deepEqual(manifests, [`PUT /v2/${REPOSITORY}/manifests/${made?.digest}`, `PUT /v2/${REPOSITORY}/manifests/patched`])
  for (const { descriptor } of image.image.layers) {
    const gets = registry.requests.filter(line => line === `GET /v2/${REPOSITORY}/blobs/${descriptor.digest}`)
    assert.ok(gets.length <= 1, gets.join('\n'))
  }
  assert.equal(registry.manifests.get(`${REPOSITORY} latest`)?.bytes.equals(image.image.manifest.bytes), true)
})

test('to another repository of the same registry old blobs are mounted, not sent', async context => {
  const shop = await openWorkshop(context)
  const image = shop.image()
  const registry = await registryWith(image)
  context.after(() => registry.close())
  await shop.fix(`${registry.host}/${REPOSITORY}:latest`, { output: `${registry.host}/other/name:patched` })
  assert.equal(registry.requests.filter(line => /^PUT .*\/blobs\/uploads\//.test(line)).length, 2)
  assert.equal(registry.requests.filter(line => /^POST .*mount=/.test(line)).length >= image.image.layers.length, true)
  for (const { descriptor } of image.image.layers) assert.ok(registry.blobs.has(`other/name ${descriptor.digest}`))
})

test('a fix that is pushed again sends nothing', async context => {
  const shop = await openWorkshop(context)
  const registry = await registryWith(shop.image())
  context.after(() => registry.close())
  const [from, output] = [`${registry.host}/${REPOSITORY}:latest`, `${registry.host}/${REPOSITORY}:patched`]
  await shop.fix(from, { output })
  const asked = registry.requests.length
  const again = await shop.fix(from, { output })
  assert.equal(again.image?.bytesWritten, 0)
  assert.deepEqual(
    registry.requests.slice(asked).filter(line => /^PUT .*\/blobs\//.test(line)),
    [],
  )
})

test('a registry is written only where --output says so', async context => {
  const shop = await openWorkshop(context)
  const registry = await registryWith(shop.image())
  context.after(() => registry.close())
  const reference = `${registry.host}/${REPOSITORY}:latest`
  const manifests = new Map(registry.manifests)
  const fault = await faultOf('usage', shop.fix(reference))
  assert.match(fault.hint, /--output registry\/repository:tag/)
  assert.equal(
    registry.requests.some(line => /^(PUT|POST|PATCH|DELETE) /.test(line)),
    false,
  )
  assert.deepEqual(registry.manifests, manifests)
  assert.deepEqual(contentOf(shop.working), new Map())
  assert.equal((await shop.fix(reference, { dryRun: true })).written, false)
})

test('a registry that asks for a name and a password gets those of the docker configuration, and a push that it refuses leaves no receipt', async context => {
  const shop = await openWorkshop(context)
  const image = shop.image()
  const login = { username: 'me', password: 'secret' }
  const registry = await registryWith(image, {
    login,
    intercept: (request, response) => {
      if (request.method !== 'PUT' || request.url?.includes('/manifests/') !== true) return false
      response.writeHead(403).end()
      return true
    },
  })
  context.after(() => registry.close())
  const home = shop.environment['HOME'] ?? ''
  mkdirSync(join(home, '.docker'), { recursive: true })
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64')
  writeFileSync(join(home, '.docker', 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
  const reference = `${registry.host}/${REPOSITORY}:latest`
  assert.equal((await shop.scan(reference)).findings.length, 3)
  await faultOf('image-registry-refused', shop.fix(reference, { output: `${registry.host}/${REPOSITORY}:patched` }))
  assert.deepEqual(receiptsIn(shop.working), [])
  assert.equal(registry.manifests.has(`${REPOSITORY} patched`), false)
})

function receiptsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter(name => name.endsWith('.json'))
}

test('an output that cannot be written leaves no receipt and no part of an image', async context => {
  const shop = await openWorkshop(context)
  const reference = shop.layout('image')
  const layout = contentOf(join(shop.root, 'image'))
  writeFileSync(join(shop.root, 'file'), 'not a folder')
  await faultOf('image-write-failed', shop.fix(reference, { output: `oci:${join(shop.root, 'file')}:x` }))
  assert.deepEqual(receiptsIn(shop.working), [])
  await faultOf('usage', shop.fix(reference, { output: '-' }))
  assert.deepEqual(receiptsIn(shop.working), [])
  assert.deepEqual(contentOf(join(shop.root, 'image')), layout)
  const dead = await startRegistry()
  await dead.close()
  await faultOf('image-registry-unreachable', shop.fix(reference, { output: `${dead.host}/x/y:z` }))
  assert.deepEqual(receiptsIn(shop.working), [])
})

test('signatures of the image before are named in the notes and stay with it', async context => {
  const shop = await openWorkshop(context)
  const image = shop.image()
  const registry = await registryWith(image, { referrers: true })
  context.after(() => registry.close())
  const empty = Buffer.from('{}')
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(empty), size: empty.length }
  const { mediaType, digest, size } = image.image.manifest.descriptor
  const type = 'application/vnd.oci.image.manifest.v1+json'
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      artifactType: 'application/x-signature',
      config,
      layers: [config],
      subject: { mediaType, digest, size },
    }),
  )
  registry.blobs.set(`${REPOSITORY} ${config.digest}`, empty)
  registry.manifests.set(`${REPOSITORY} ${digestOf(bytes)}`, { bytes, type })
  const { plan } = await shop.fix(`${registry.host}/${REPOSITORY}:latest`, { output: `${registry.host}/${REPOSITORY}:patched` })
  assert.match(plan.notes.join('\n'), new RegExp(`1 referrers? .*${digestOf(bytes)}`))
})

test('with --attach the receipt refers to the pushed image', async context => {
  const shop = await openWorkshop(context)
  const registry = await registryWith(shop.image(), { referrers: true })
  context.after(() => registry.close())
  const { image } = await shop.fix(`${registry.host}/${REPOSITORY}:latest`, {
    output: `${registry.host}/${REPOSITORY}:patched`,
    attach: true,
  })
  const subjects = [...registry.manifests.values()].map(({ bytes }) => JSON.parse(bytes.toString()).subject?.digest)
  assert.ok(subjects.includes(image?.digest))
})
