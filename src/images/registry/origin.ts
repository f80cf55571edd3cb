/** Which repository a source reads, so that a push to the same registry can mount its blobs instead of sending them. */
import type { ImageSource } from '../../model/image.ts'

export interface Origin {
  readonly host: string
  readonly repository: string
}

const origins = new WeakMap<ImageSource, Origin>()

export function rememberOrigin(source: ImageSource, { host, repository }: Origin): void {
  origins.set(source, { host, repository })
}

/** Undefined for sources that are in no registry. */
export function originOf(source: ImageSource | undefined): Origin | undefined {
  return source === undefined ? undefined : origins.get(source)
}
