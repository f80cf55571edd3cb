/** What is to be taken from contents while a layer is read, so that it is read once. */
import { createHash } from 'node:crypto'
import type { ContentExtractor } from '../model/image.ts'

/** Says which files' contents are kept whole with the index: small ones that an inventory reads. */
export interface ContentKeep {
  /** Names the rule; a stored index made with another one is not used. */
  readonly id: string
  keeps(path: string, size: number): boolean
}

export interface ContentWishes {
  readonly keep?: ContentKeep
  readonly extractors: readonly ContentExtractor[]
  /** Whether each file's SHA-256 is taken too. */
  readonly digests: boolean
}

/** The same for the same wishes; digests are no part of it, since an index with them serves all. */
export function wishesId({ keep, extractors }: ContentWishes): string {
  const ids = JSON.stringify([keep?.id ?? '', ...extractors.map(({ id }) => id)])
  return createHash('sha256').update(ids).digest('hex').slice(0, 16)
}
