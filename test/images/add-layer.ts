/** What a later build does with a patched image: one more layer on top of it. */
import { gzipSync } from 'node:zlib'
import { openImage } from '../../src/images/open.ts'
import { manifestOf } from '../../src/images/testing/layered-image.ts'
import { documentOf, type MadeImage } from '../../src/images/testing/make-image.ts'
import { makeTar, type TarItem } from '../../src/images/testing/make-tar.ts'
import { collect, digestOf } from '../../src/images/verified-bytes.ts'
import { wholeImage } from '../../src/images/whole-image.ts'
import { sourceOf } from './read-back.ts'

/** The manifest is written anew, without annotations, as builders do. */
export async function addLayer(reference: string, items: readonly TarItem[]): Promise<MadeImage> {
  const source = sourceOf(reference)
  const { config, layers } = await openImage(source)
  const blobs = new Map<ReturnType<typeof digestOf>, Uint8Array>()
  for (const { descriptor } of (await wholeImage(source)).blobs) {
    blobs.set(descriptor.digest, await collect(source.blob(descriptor), 1e8, descriptor.digest))
  }
  const tar = makeTar(items)
  const bytes = gzipSync(tar)
  const layer = {
    descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(bytes), size: bytes.length },
    diffId: digestOf(tar),
  }
  const value = JSON.parse(Buffer.from(config.bytes).toString('utf8'))
  value.rootfs.diff_ids.push(layer.diffId)
  value.history.push({ created_by: 'COPY app /srv' })
  const grown = documentOf(config.descriptor.mediaType, JSON.stringify(value))
  const manifest = manifestOf(grown, [...layers, layer])
  for (const document of [grown, manifest]) blobs.set(document.descriptor.digest, document.bytes)
  blobs.set(layer.descriptor.digest, bytes)
  return { image: { manifest, config: grown, layers: [...layers, layer] }, blobs }
}
