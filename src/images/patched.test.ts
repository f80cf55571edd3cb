import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RawDocument } from '../model/image.ts'
import { lineageOf, ownLayersOnTop } from './lineage.ts'
import { DOCKER_LAYER, OCI_CONFIG, OCI_LAYER } from './media-types.ts'
import type { PlatformPatch } from './patched.ts'
import { patchedImage, patchPlatform, unpatchedImage } from './patched.ts'
import type { MadeImage } from './testing/make-image.ts'
import { documentOf, makeImage, makeIndex, makeLayer, memorySource, wholeOf } from './testing/make-image.ts'
import { wholeImage } from './whole-image.ts'

const GIVEN = { created: '2026-11-01T00:00:00Z', createdBy: 'suture fix libssl3', tool: 'suture 1.0.0' }

function patchOf({ image }: MadeImage, text = 'fix'): PlatformPatch {
  return { image, layer: makeLayer(text), ...GIVEN }
}

function textOf(document: RawDocument): string {
  return Buffer.from(document.bytes).toString()
}

/** The image that a patch made, as one would open it. */
function reopened(made: MadeImage, patch: PlatformPatch): MadeImage {
  const { manifest, config, layer, replaced } = patchPlatform(patch)
  const kept = made.image.layers.slice(0, made.image.layers.length - replaced)
  return { image: { manifest, config, layers: [...kept, { descriptor: layer, diffId: patch.layer.diffId }] }, blobs: made.blobs }
}

for (const indent of [undefined, 1, 2, 4]) {
  for (const family of ['oci', 'docker'] as const) {
    test(`a patch adds one layer, diff id and history item and keeps the form (${family}, indent ${indent})`, () => {
      const made = makeImage({ family, ...(indent === undefined ? {} : { indent }) })
      const { manifest, config, layer } = patchPlatform(patchOf(made))
      const before = JSON.parse(textOf(made.image.config))
      const after = JSON.parse(textOf(config))
      assert.deepEqual(after.rootfs.diff_ids, [...before.rootfs.diff_ids, makeLayer('fix').diffId])
      assert.deepEqual(after.history.slice(0, -1), before.history)
      assert.equal(after.history.at(-1).created, GIVEN.created)
      assert.equal(textOf(config), JSON.stringify(after, null, indent))
      const parsed = JSON.parse(textOf(manifest))
      assert.equal(textOf(manifest), JSON.stringify(parsed, null, indent))
      assert.deepEqual(parsed.layers.at(-1), { mediaType: layer.mediaType, digest: layer.digest, size: layer.size })
      assert.equal(layer.mediaType, family === 'oci' ? `${OCI_LAYER}+gzip` : `${DOCKER_LAYER}.gzip`)
      assert.equal(parsed.config.digest, config.descriptor.digest)
      assert.equal(parsed.config.size, config.bytes.length)
    })
  }
}

test('long numbers, 1.0, unknown keys and odd spacing in a config survive', () => {
  const made = makeImage({ layers: ['one'] })
  const diffId = made.image.layers[0]?.diffId
  const text = `\n{ "os" :"linux","x": 12345678901234567890, "y":1.0,\t"rootfs":{"diff_ids":[ "${diffId}" ],"type":"layers"} , "z":{"k":[1.50,  2]},"history":[]}\n`
  const config = documentOf(OCI_CONFIG, text)
  const { config: after } = patchPlatform({ ...patchOf(made), image: { ...made.image, config } })
  const expected = text
    .replace(`"${diffId}" `, `"${diffId}", "${makeLayer('fix').diffId}" `)
    .replace('"history":[]', /"history":\[.*\]/.exec(textOf(after))?.[0] ?? '')
  assert.equal(textOf(after), expected)
  assert.match(textOf(after), /"x": 12345678901234567890, "y":1\.0,/)
})

test('the same image and layer give the same bytes', () => {
  const [a, b] = [patchPlatform(patchOf(makeImage())), patchPlatform(patchOf(makeImage()))]
  assert.deepEqual(a, b)
})

test('a patch of a patched image replaces the layer and gives what a patch of the original gives', () => {
  for (const indent of [undefined, 2]) {
    for (const layers of [['one'], ['one', 'two']]) {
      const made = makeImage({ layers, ...(indent === undefined ? {} : { indent }) })
      const once = reopened(made, patchOf(made, 'first'))
      assert.equal(ownLayersOnTop(once.image), 1)
      const twice = patchPlatform(patchOf(once, 'second'))
      const direct = patchPlatform(patchOf(made, 'second'))
      assert.equal(textOf(twice.config), textOf(direct.config))
      assert.equal(textOf(twice.manifest), textOf(direct.manifest))
      assert.equal(twice.lineage.original, made.image.manifest.descriptor.digest)
    }
  }
})

test('a layer that others built upon is not replaced', () => {
  const made = makeImage()
  const once = reopened(made, patchOf(made, 'first'))
  const above = reopened(once, { ...patchOf(once, 'someone else'), replaceTop: 0 })
  const foreign = {
    ...above.image,
    layers: [...above.image.layers.slice(0, -1), { ...once.image.layers[0], diffId: makeLayer('else').diffId }],
  }
  assert.equal(
    ownLayersOnTop({
      ...above.image,
      layers: foreign.layers.flatMap(layer => (layer.descriptor ? [{ ...layer, descriptor: layer.descriptor }] : [])),
    }),
    0,
  )
})

test('the lineage is found in the history where a tool dropped the annotations', () => {
  const made = makeImage()
  const { image } = reopened(made, patchOf(made))
  const parsed = JSON.parse(textOf(image.manifest))
  delete parsed.annotations
  const bare = documentOf(image.manifest.descriptor.mediaType, JSON.stringify(parsed))
  assert.equal(lineageOf({ ...image, manifest: bare })?.original, made.image.manifest.descriptor.digest)
  assert.equal(ownLayersOnTop({ ...image, manifest: bare }), 1)
})

for (const indent of [undefined, 3]) {
  test(`an index changes for the patched platform only, and loses what attests the old image (indent ${indent})`, async () => {
    const [amd64, arm64] = [makeImage(), makeImage({ architecture: 'arm64', layers: ['arm'] })]
    const { root, blobs } = makeIndex([amd64, arm64], indent)
    const whole = await wholeImage(memorySource(root, blobs))
    const patched = patchedImage(whole, [patchOf(amd64)])
    const before = JSON.parse(textOf(root))
    const after = JSON.parse(textOf(patched.image.root))
    assert.equal(textOf(patched.image.root), JSON.stringify(after, null, indent))
    assert.equal(after.manifests.length, 3)
    assert.deepEqual(after.manifests[1], before.manifests[1])
    assert.deepEqual(after.manifests[2], before.manifests[3])
    assert.deepEqual(after.manifests[0].platform, before.manifests[0].platform)
    assert.equal(after.manifests[0].digest, patched.platforms[0]?.manifest.descriptor.digest)
    assert.deepEqual(
      patched.dropped.map(({ digest }) => digest),
      [before.manifests[2].digest],
    )
    assert.match(patched.notes[0] ?? '', /attestation-manifest/)
    const parts = [
      ...patched.image.documents.map(({ descriptor }) => descriptor.digest),
      ...patched.image.blobs.map(({ descriptor }) => descriptor.digest),
    ]
    assert.equal(new Set(parts).size, parts.length)
    assert.ok(!parts.includes(before.manifests[2].digest))
    assert.ok(!parts.includes(amd64.image.config.descriptor.digest))
    assert.ok(parts.includes(makeLayer('fix').digest))
  })
}

test('the former image comes back from its documents, to the byte', () => {
  const made = makeImage()
  const former = unpatchedImage(made.image.manifest, [made.image.config], memorySource(made.image.manifest, made.blobs))
  assert.deepEqual(former.root.bytes, made.image.manifest.bytes)
  assert.deepEqual(
    former.blobs.map(({ descriptor }) => descriptor),
    wholeOf(made).blobs.map(({ descriptor }) => descriptor),
  )
  const forged = { ...made.image.config, bytes: Buffer.from('{}') }
  assert.throws(() => unpatchedImage(made.image.manifest, [forged], memorySource(made.image.manifest, made.blobs)), {
    code: 'image-digest-mismatch',
  })
})

test('what could be read in two ways is refused', () => {
  const made = makeImage()
  const text = textOf(made.image.manifest)
  for (const hostile of [
    text.replace('{', '{"Layers":[],'),
    text.replace('{', '{"layers":[],'),
    text.replace('"layers":[', '"layers":[{"mediaType":"x","digest":"sha512:00","size":1},'),
    text.replace('"layers":[', '"layers":[{"mediaType":"x","digest":"sha256:../../etc/passwd","size":1},'),
    text.replace(/"size":\d+/, '"size":-1'),
    text.replace(/"size":\d+/, '"size":1e99'),
    text.slice(0, -1),
    `${text}\ufffd`,
    '[]',
  ]) {
    const manifest = documentOf(made.image.manifest.descriptor.mediaType, hostile)
    assert.throws(() => patchPlatform({ ...patchOf(made), image: { ...made.image, manifest } }), { code: 'image-invalid' }, hostile)
  }
  const config = documentOf(OCI_CONFIG, Buffer.concat([made.image.config.bytes.subarray(0, -1), Buffer.from([0x2c, 0x22, 0xff, 0x22])]))
  assert.throws(() => patchPlatform({ ...patchOf(made), image: { ...made.image, config } }), { code: 'image-invalid' })
})

test('indexes nested without end and parts that lie in no source are refused', async () => {
  const blobs = new Map()
  let root = makeIndex([makeImage()]).root
  for (let depth = 0; depth < 8; depth++) {
    blobs.set(root.descriptor.digest, root.bytes)
    root = documentOf(root.descriptor.mediaType, JSON.stringify({ schemaVersion: 2, manifests: [root.descriptor] }))
  }
  await assert.rejects(wholeImage(memorySource(root, blobs)), { code: 'image-invalid' })
})
