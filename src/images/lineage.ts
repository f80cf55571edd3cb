/**
 * Where a patched image comes from, kept in the image itself: in the manifest's annotations, and in the history item's comment, which
 * survives tools that write the manifest anew. No clock.
 */
import type { BlobDigest, OpenImage } from '../model/image.ts'
import { blobDigest } from '../model/image.ts'
import { madeNoLayer } from './config-splice.ts'
import { memberOf, readDocument, readManifestOrIndex } from './manifest.ts'

export const ORIGINAL_DIGEST = 'dev.suture.original.digest'
export const LAYER_DIFF_ID = 'dev.suture.layer.diff-id'
export const TOOL = 'dev.suture.tool'

export interface Lineage {
  /** The manifest that was patched first. */
  readonly original: BlobDigest
  /** The layer that Suture put on it. */
  readonly diffId: BlobDigest
  /** Name and version: `suture 1.2.3`. */
  readonly tool: string
}

export function lineageAnnotations({ original, diffId, tool }: Lineage): ReadonlyMap<string, string> {
  return new Map([
    [ORIGINAL_DIGEST, original],
    [LAYER_DIFF_ID, diffId],
    [TOOL, tool],
  ])
}

export function lineageComment({ original, diffId }: Lineage): string {
  return `${ORIGINAL_DIGEST}=${original} ${LAYER_DIFF_ID}=${diffId}`
}

const COMMENT = /^dev\.suture\.original\.digest=(sha256:[0-9a-f]{64}) dev\.suture\.layer\.diff-id=(sha256:[0-9a-f]{64})$/

/** What an image says about its own patch; undefined for one that Suture never patched. */
export function lineageOf(image: Pick<OpenImage, 'manifest' | 'config'>): Lineage | undefined {
  const read = readManifestOrIndex(image.manifest)
  const annotations = read.kind === 'manifest' ? read.annotations : {}
  const original = digestIn(annotations[ORIGINAL_DIGEST])
  const diffId = digestIn(annotations[LAYER_DIFF_ID])
  const tool = annotations[TOOL] ?? 'suture'
  if (original !== undefined && diffId !== undefined) return { original, diffId, tool }
  const history = memberOf(readDocument(image.config).root, 'history')
  const items = history?.kind === 'array' ? history.items : []
  for (const item of items.toReversed()) {
    const comment = item.kind === 'object' && !madeNoLayer(item) ? memberOf(item, 'comment') : undefined
    const match = comment?.kind === 'string' ? COMMENT.exec(comment.value) : null
    const [, from, layer] = match ?? []
    if (from !== undefined && layer !== undefined) return { original: blobDigest(from), diffId: blobDigest(layer), tool }
  }
  return undefined
}

/** How many layers on top are Suture's own and can be replaced: 1, or 0 where the image was never patched or others built on the patch. */
export function ownLayersOnTop(image: Pick<OpenImage, 'manifest' | 'config' | 'layers'>): 0 | 1 {
  const lineage = lineageOf(image)
  return lineage !== undefined && image.layers.length > 1 && image.layers.at(-1)?.diffId === lineage.diffId ? 1 : 0
}

function digestIn(text: string | undefined): BlobDigest | undefined {
  return text !== undefined && /^sha256:[0-9a-f]{64}$/.test(text) ? blobDigest(text) : undefined
}
