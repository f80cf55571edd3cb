import type { Sha256 } from './digest.ts'

export interface ReceiptFile {
  readonly path: string
  readonly beforeSha256: Sha256
  readonly afterSha256: Sha256
  /** In document order. */
  readonly edits: readonly ReceiptEdit[]
}

/** One place of a file; makes the change reversible without the old file, and findable when the file has changed since. */
export interface ReceiptEdit {
  /** In UTF-16 code units of the file before. */
  readonly start: number
  readonly removed: string
  readonly inserted: string
  /** The keys that lead to the innermost JSON value around the edit in the file after; empty for the whole file. */
  readonly key: readonly string[]
  /** What stands directly left and right of it in the file after. */
  readonly left: string
  readonly right: string
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
  readonly changes: readonly {
    readonly name: string
    readonly from?: string
    readonly to?: string
    readonly because: string
    readonly fixes: readonly string[]
  }[]
  readonly origins: readonly ReceiptOrigin[]
  readonly advisories: { readonly hash: string; readonly newest: string }
  readonly verification: readonly { readonly check: string; readonly result: 'passed' | 'skipped'; readonly detail: string }[]
}
