import type { Sha256 } from './digest.ts'
import type { BlobDigest, Descriptor, FileProvenance } from './image.ts'

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
  /** Set where an image was patched; `files` is empty then. */
  readonly image?: ImageReceipt
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

/** What was done to an image: enough to give the former one back, and to derive the new one again from the same inputs. */
export interface ImageReceipt {
  readonly from: { readonly reference: string; readonly digest: BlobDigest }
  readonly to: {
    readonly reference: string
    readonly digest: BlobDigest
    /** What the reference pointed to before, if to anything. */
    readonly before?: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>
  }
  /** Root, manifests and configs of the former image that the new one replaces, as they were: digest → base64. */
  readonly documents: Readonly<Record<string, { readonly mediaType: string; readonly base64: string }>>
  readonly platforms: readonly PatchedPlatform[]
}

export interface PatchedPlatform {
  readonly platform: string
  readonly manifestBefore: BlobDigest
  readonly manifestAfter: BlobDigest
  readonly layer: { readonly digest: BlobDigest; readonly diffId: BlobDigest; readonly size: number }
  /** How many layers on top of the former image it replaced. */
  readonly replaced: number
  /** Maintainer scripts of these packages were skipped because the user said so. */
  readonly skippedScripts: readonly string[]
  readonly files: readonly FileProvenance[]
  readonly packages: readonly PackageProvenance[]
}

/** One package that moved, its archive file, and the signed index that states it. */
export interface PackageProvenance {
  /** `name:architecture`. */
  readonly package: string
  readonly from?: string
  readonly to: string
  readonly archive: { readonly uri: string; readonly filename: string; readonly size: number; readonly sha256: Sha256 }
  readonly index: {
    readonly suite: string
    readonly codename: string
    readonly component: string
    readonly architecture: string
    readonly sha256: Sha256
    readonly inReleaseSha256: Sha256
    readonly date: string
  }
}
