/** Gives a file to the extractors as the reader of a layer does: the first that accepts it, and nothing outside the ranges it asked for. */
import type { FileExtract } from '../../model/image.ts'
import { HEAD_LENGTH } from '../../model/image.ts'
import { type InstalledComponents, installedComponents, LANGUAGE_EXTRACTORS } from '../installed-components.ts'

export interface FileToLookAt {
  readonly path: string
  readonly content: Uint8Array | string
  readonly mode?: number
  readonly layer?: number
}

export function lookAt(
  files: readonly FileToLookAt[],
  ownerOf: (path: string) => string | undefined = () => undefined,
): InstalledComponents {
  return installedComponents(files.flatMap(extractOf), ownerOf)
}

export function extractOf({ path, content, mode = 0o755, layer = 0 }: FileToLookAt): FileExtract[] {
  const bytes = Buffer.from(content)
  const extractor = LANGUAGE_EXTRACTORS.find(candidate => candidate.accepts(path, bytes.length, mode))
  const ranges = extractor?.ranges(bytes.length, bytes.subarray(0, HEAD_LENGTH)) ?? []
  if (extractor === undefined || ranges.length === 0) return []
  let end = 0
  for (const { offset, length } of ranges) {
    if (offset < end || length <= 0 || offset + length > bytes.length)
      throw new Error(`bad range ${offset}+${length} after ${end} of ${bytes.length}`)
    end = offset + length
  }
  const text = extractor.extract(path, {
    size: bytes.length,
    read(offset, length) {
      // Neighbours are one range.
      let last = offset
      for (const range of ranges) if (range.offset <= last && last < range.offset + range.length) last = range.offset + range.length
      return bytes.subarray(offset, Math.max(offset, Math.min(offset + Math.max(0, length), last)))
    },
  })
  return text === undefined ? [] : [{ path, layer, extractor: extractor.id, text }]
}
