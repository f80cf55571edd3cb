import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RawDocument } from '../model/image.ts'
import { readManifestOrIndex } from './manifest.ts'
import { DOCKER_LIST, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, ociTypeOf } from './media-types.ts'
import { needsOciTypes, withOciTypes } from './oci-types.ts'
import { patchedImage } from './patched.ts'
import { documentOf, makeImage, makeIndex, makeLayer, memorySource, wholeOf } from './testing/make-image.ts'
import { digestOf } from './verified-bytes.ts'
import { wholeImage } from './whole-image.ts'

const GIVEN = { created: '2026-11-01T00:00:00Z', createdBy: 'suture fix libssl3', tool: 'suture 1.0.0' }
const textOf = (document: RawDocument | undefined) => Buffer.from(document?.bytes ?? []).toString()

test('an image of Docker’s types gets OCI’s in a layout: types and digests change, the form and all else stays', () => {
  const made = makeImage({ family: 'docker', indent: 2 })
  const docker = patchedImage(wholeOf(made), [{ image: made.image, layer: makeLayer('fix'), ...GIVEN }])
  const { image, platforms } = withOciTypes(docker)
  assert.equal(image.root.descriptor.mediaType, OCI_MANIFEST)
  assert.equal(image.root.descriptor.digest, digestOf(image.root.bytes))
  assert.equal(image.root.descriptor.size, image.root.bytes.length)
  assert.equal(textOf(image.root), JSON.stringify(JSON.parse(textOf(image.root)), null, 2))
  const read = readManifestOrIndex(image.root)
  assert.ok(read.kind === 'manifest')
  assert.equal(read.config.mediaType, OCI_CONFIG)
  assert.deepEqual([...new Set(read.layers.map(({ mediaType }) => mediaType))], [`${OCI_LAYER}+gzip`])
  const dockerRead = readManifestOrIndex(docker.image.root)
  assert.ok(dockerRead.kind === 'manifest')
  assert.deepEqual(
    read.layers.map(({ digest }) => digest),
    dockerRead.layers.map(({ digest }) => digest),
  )
  assert.equal(read.config.digest, dockerRead.config.digest)
  assert.equal(platforms[0]?.manifest, image.root)
  assert.equal(platforms[0]?.layer.mediaType, `${OCI_LAYER}+gzip`)
})

test('of a list every platform and what is bound to it follows, patched or not', async () => {
  const [amd64, arm64] = [makeImage({ family: 'docker' }), makeImage({ family: 'docker', architecture: 'arm64', layers: ['arm'] })]
  const { root, blobs } = makeIndex([amd64, arm64])
  const list = documentOf(DOCKER_LIST, Buffer.from(root.bytes).toString().replace(OCI_INDEX, DOCKER_LIST))
  const original = await wholeImage(memorySource(list, blobs))
  const { image } = withOciTypes(patchedImage(original, [{ image: amd64.image, layer: makeLayer('fix'), ...GIVEN }]))
  assert.equal(image.root.descriptor.mediaType, OCI_INDEX)
  assert.doesNotMatch([image.root, ...image.documents].map(textOf).join(), /vnd\.docker\.(distribution|container|image)/)
  const read = readManifestOrIndex(image.root)
  assert.ok(read.kind === 'index')
  const there = new Set(image.documents.map(({ descriptor }) => descriptor.digest))
  for (const { digest } of read.manifests) assert.ok(there.has(digest))
  const [, other, bound] = read.manifests
  assert.equal(bound?.annotations?.['vnd.docker.reference.digest'], other?.digest)
})

test('an image that is OCI’s already stays as it is, and so does one that came from a layout', () => {
  const made = makeImage()
  const patched = patchedImage(wholeOf(made), [{ image: made.image, layer: makeLayer('fix'), ...GIVEN }])
  assert.deepEqual(withOciTypes(patched), patched)
  assert.ok(needsOciTypes('docker-archive:a.tar', 'oci:folder:tag'))
  assert.ok(needsOciTypes('registry.example/name:1', 'oci-archive:a.tar'))
  assert.ok(!needsOciTypes('oci:folder:tag', 'oci:other:tag'))
  assert.ok(!needsOciTypes('docker-archive:a.tar', 'registry.example/name:1'))
  assert.equal(
    ociTypeOf('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'),
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  )
  assert.equal(ociTypeOf('application/vnd.in-toto+json'), 'application/vnd.in-toto+json')
})
