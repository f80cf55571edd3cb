import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openImage } from './open.ts'
import { layeredImage, manifestOf } from './testing/layered-image.ts'
import { documentOf, makeIndex, memorySource } from './testing/make-image.ts'

test('what an index lists beside images is no platform, whatever its config holds', async () => {
  const image = layeredImage([[{ path: 'a' }]])
  const { root, blobs } = makeIndex([image])
  const artefacts = ['', 'name: chart', '[]', '{}'].map(text => {
    const config = documentOf('application/vnd.example.config.v1+json', text)
    return [config, manifestOf(config, [])] as const
  })
  const listed = artefacts.map(([, { descriptor }]) => JSON.stringify(descriptor)).join(',')
  const index = documentOf(
    root.descriptor.mediaType,
    Buffer.from(root.bytes).toString().replace('"manifests":[', `"manifests":[${listed},`),
  )
  const all = new Map([...blobs, ...artefacts.flat().map(({ descriptor, bytes }) => [descriptor.digest, bytes] as const)])
  const opened = await openImage(memorySource(index, all))
  assert.equal(opened.manifest.descriptor.digest, image.image.manifest.descriptor.digest)
})
