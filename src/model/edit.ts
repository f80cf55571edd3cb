import type { Sha256 } from './digest.ts'

/** The only way text changes: replace `[start, end)` of `file` by `insert`. Offsets count UTF-16 code units of the decoded text. */
export interface Edit {
  /** Relative to the target, with `/`. */
  readonly file: string
  readonly start: number
  readonly end: number
  readonly insert: string
}

export interface PatchedFile {
  readonly path: string
  readonly before: string
  readonly after: string
  readonly beforeSha256: Sha256
  readonly afterSha256: Sha256
}
