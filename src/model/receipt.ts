import type { Sha256 } from './digest.ts'

export interface ReceiptFile {
  readonly path: string
  readonly beforeSha256: Sha256
  readonly afterSha256: Sha256
  /** In document order; offsets are UTF-16 code units in the file before. `removed` and `inserted` make the change reversible without the old file. */
  readonly edits: readonly { readonly start: number; readonly removed: string; readonly inserted: string }[]
}

/** Where each newly introduced version's values came from. */
export interface ReceiptOrigin {
  readonly name: string
  readonly version: string
  /** The registry document's digest (SHA-256 of the metadata that was used) and the archive's integrity. */
  readonly metadataSha256: Sha256
  readonly integrity?: string
}

/** The predicate of the in-toto statement that Suture leaves after every act. Holds no secrets and no clock but `created`. */
export interface Receipt {
  readonly tool: { readonly name: 'suture'; readonly version: string }
  readonly created: string
  readonly target: string
  readonly files: readonly ReceiptFile[]
  readonly changes: readonly { readonly name: string; readonly from?: string; readonly to?: string; readonly because: string; readonly fixes: readonly string[] }[]
  readonly origins: readonly ReceiptOrigin[]
  readonly advisories: { readonly hash: string; readonly newest: string }
  readonly verification: readonly { readonly check: string; readonly result: 'passed' | 'skipped'; readonly detail: string }[]
}
