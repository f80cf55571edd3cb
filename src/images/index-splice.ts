/** A multi-platform index after some of its images were replaced, as text: every other entry keeps each byte. */
import type { BlobDigest, Descriptor, RawDocument } from '../model/image.ts'
import { applyEdits } from '../text/edits.ts'
import { jsonStyle } from '../text/json-edits.ts'
import { editItems } from './array-edits.ts'
import { documentLike, repoint } from './config-splice.ts'
import { boundDigest, invalid, memberOf, readManifestOrIndex } from './manifest.ts'

export interface IndexReplaced {
  readonly index: RawDocument
  /** Attestations that were bound to an image that is replaced: true of the old one only, so no longer listed. */
  readonly dropped: readonly Descriptor[]
}

/** The index itself where nothing in it is replaced. Faults: `image-invalid`. */
export function replaceInIndex(index: RawDocument, replaced: ReadonlyMap<BlobDigest, Pick<Descriptor, 'digest' | 'size'>>): IndexReplaced {
  const read = readManifestOrIndex(index)
  const array = read.kind === 'index' ? memberOf(read.root, 'manifests') : undefined
  if (read.kind !== 'index' || array?.kind !== 'array') throw invalid(index, 'it is no index')
  const dropped: Descriptor[] = []
  const remove = new Set<number>()
  const edits = []
  for (const [at, descriptor] of read.manifests.entries()) {
    const bound = boundDigest(descriptor)
    const to = replaced.get(descriptor.digest)
    const item = read.items[at]
    if (bound !== undefined && replaced.has(bound)) {
      dropped.push(descriptor)
      remove.add(at)
    } else if (to !== undefined && item !== undefined) edits.push(...repoint(read.text, item, to))
  }
  if (remove.size === 0 && edits.length === 0) return { index, dropped }
  edits.push(...editItems(read.text, array, { remove }, jsonStyle(read.text, read.root)))
  return { index: documentLike(index, applyEdits(read.text, edits)), dropped }
}
