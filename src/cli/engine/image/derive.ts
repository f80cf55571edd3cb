/** From a settled plan to the patched image: layer, config, manifest and index, the same bytes wherever and whenever they are made. */
import { packageKey } from '../../../ecosystems/deb/package.ts'
import type { PackageUpgrade } from '../../../ecosystems/deb/patch/patch.ts'
import { gzipped } from '../../../images/gzip.ts'
import type { FinishedLayer, PlatformPatch } from '../../../images/patched.ts'
import { writeLayerTar } from '../../../images/tar/write.ts'
import { digestOf } from '../../../images/verified-bytes.ts'
import type { Layer, OpenImage } from '../../../model/image.ts'

/** What the history of the image says about the layer; longer lists are cut. */
const LONGEST_HISTORY = 1000

export async function finishedLayer(layer: Layer): Promise<FinishedLayer> {
  const tar = writeLayerTar(layer)
  const packed = gzipped(tar)
  const diffId = digestOf(tar)
  const bytes = await packed
  return { bytes, digest: digestOf(bytes), diffId }
}

export interface LayerOrigin {
  readonly image: OpenImage
  readonly layer: Layer
  readonly upgrades: readonly Pick<PackageUpgrade, 'from' | 'to'>[]
  readonly replaceTop: number
  readonly toolVersion: string
}

/** Dated with the newest file of the layer: the archives decide, not the clock. */
export async function platformPatch({ image, layer, upgrades, replaceTop, toolVersion }: LayerOrigin): Promise<PlatformPatch> {
  const newest = layer.entries.reduce((latest, entry) => (entry.kind === 'whiteout' ? latest : Math.max(latest, entry.mtime)), 0)
  const words = upgrades.map(({ from, to }) => `${packageKey(to)} ${from?.version ?? '(new)'} -> ${to.version}`).join(', ')
  return {
    image,
    layer: await finishedLayer(layer),
    created: new Date(newest * 1000).toISOString().replace('.000Z', 'Z'),
    createdBy: `suture ${words.length > LONGEST_HISTORY ? `${words.slice(0, LONGEST_HISTORY)}...` : words}`,
    tool: `suture ${toolVersion}`,
    replaceTop,
  }
}
