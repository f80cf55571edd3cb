/**
 * A container image: a lazy, immutable view over raw manifest, config and layer bytes, the merged file tree that its layers make,
 * and the one way an image changes: a layer. Terms are those of the OCI image specification.
 */
import type { Sha256 } from './digest.ts'

declare const blobDigestBrand: unique symbol

/** `sha256:` and 64 lower-case hexadecimal characters. */
export type BlobDigest = string & { readonly [blobDigestBrand]: true }

export function blobDigest(text: string): BlobDigest {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) throw new TypeError(`not a digest: ${text}`)
  return text as BlobDigest
}

export interface Platform {
  readonly os: string
  /** As Go names it: `amd64`, `arm64`, `386`, `arm`, … */
  readonly architecture: string
  readonly variant?: string
}

/** Points to a blob by its digest and size, as a manifest or an index does. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: BlobDigest
  /** In bytes. */
  readonly size: number
  readonly platform?: Platform
  readonly annotations?: Readonly<Record<string, string>>
}

/** The bytes of a manifest, an index or a config exactly as they were stored: what its digest is the digest of. */
export interface RawDocument {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
}

/**
 * Port: where an image's blobs are: a registry, an OCI layout, an archive. Every answer is checked against its descriptor's digest
 * and size before its end is given out.
 */
export interface ImageSource {
  /** The reference as a person wrote it. */
  readonly reference: string
  /** The manifest or index that the reference points to. */
  root(): Promise<RawDocument>
  /** A manifest, index or config of this image, bounded to 8 MiB. */
  document(descriptor: Descriptor): Promise<RawDocument>
  /** A layer’s bytes as they are stored (compressed or not), in chunks that belong to whoever gets them. */
  blob(descriptor: Descriptor): AsyncIterable<Uint8Array>
  /** Where the blob's bytes lie in a local file, as they are stored; undefined where they are not there or are of another length. */
  located?(descriptor: Descriptor): Promise<{ readonly path: string; readonly offset: number } | undefined>
  /** Manifests that refer to this digest (signatures, attestations); empty where the source knows none. */
  referrers(digest: BlobDigest): Promise<readonly Descriptor[]>
  close(): Promise<void>
}

/** A blob to be written: small ones in memory, large ones taken from where they are. */
export interface BlobToWrite {
  readonly descriptor: Descriptor
  /** The content; absent where `from` has it. */
  readonly bytes?: Uint8Array
  readonly from?: ImageSource
}

/** A whole image or index to write under one reference: blobs first, documents children before parents, the root last. */
export interface ImageToWrite {
  readonly blobs: readonly BlobToWrite[]
  readonly documents: readonly RawDocument[]
  readonly root: RawDocument
  /** Artefacts that refer to the image (SBOM, VEX, receipt) as manifests of their own. */
  readonly referrers: readonly { readonly manifest: RawDocument; readonly blobs: readonly BlobToWrite[] }[]
}

/** What a sink did. */
export interface ImageWritten {
  readonly reference: string
  readonly digest: BlobDigest
  /** Bytes that were sent or copied; blobs that were there already are not counted. */
  readonly bytesWritten: number
  readonly blobsWritten: number
  /** What the reference pointed to before, if it did. */
  readonly before?: BlobDigest
}

/** Port: where an image is written to. Nothing is visible under the reference until all of it is there; killed at any moment, the old image or the new one stands. */
export interface ImageSink {
  readonly reference: string
  write(image: ImageToWrite): Promise<ImageWritten>
}

export type FileType = 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo'

/** One path of the merged tree. Hard links are resolved: each name is a file of its own with the same content. */
export interface ImageFile {
  /** From the root, without a leading `/`, no `.`, `..` or empty part: `usr/lib/os-release`. */
  readonly path: string
  readonly type: FileType
  /** Permission bits with setuid, setgid and sticky: `0o4755`. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** In bytes; 0 unless a file. */
  readonly size: number
  /** Seconds since the epoch. */
  readonly mtime: number
  /** A symbolic link's target as it is written. */
  readonly target?: string
  /** Other names for the same content in the same layer (the path the tar entry links to). */
  readonly hardLinkTo?: string
  /** Extended attributes (`security.capability` …), values as bytes in latin1. */
  readonly xattrs?: Readonly<Record<string, string>>
  /** Index of the layer that brought it, from the bottom. */
  readonly layer: number
}

/** The merged tree of an image: what a container would see, without unpacking. Read-only. */
export interface ImageFiles {
  /** No symbolic link is followed. */
  get(path: string): ImageFile | undefined
  /**
   * The canonical path: symbolic links in parent folders followed inside the image (absolute targets start at its root), the last part
   * left as it is. The path need not exist. Undefined where links turn in a circle or more than 40 are met.
   */
  canonical(path: string): string | undefined
  /** `get` at the end of every symbolic link, the last part included. */
  follow(path: string): ImageFile | undefined
  /** Names directly under a folder, sorted; empty where it is none. */
  children(path: string): readonly string[]
  /** Every path, sorted by bytes. */
  paths(): Iterable<string>
  /** Contents by path (links are not followed; follow first). A path that is no file is left out. Throws `image-file-too-large` beyond 64 MiB a file. */
  read(paths: Iterable<string>): Promise<ReadonlyMap<string, Uint8Array>>
  /** What the extractors that the image was opened with kept of the files that are visible, sorted by path. Other names of a hard-linked file are left out where the first is visible. */
  extracts(): Iterable<FileExtract>
  /** Digests of contents by path; costs no reading where the layer was hashed before. */
  digests(paths: Iterable<string>): Promise<ReadonlyMap<string, Sha256>>
}

/** Part of a file, in bytes. */
export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/** A file's content by position. Beyond its end, and outside what was kept of it, fewer bytes are given than were asked for. */
export interface ContentByPosition {
  /** Of the whole file. */
  readonly size: number
  /** Bytes from `offset` on, at most `length`; a view that is good until the extractor returns. */
  read(offset: number, length: number): Uint8Array
}

/** How many first bytes of a file an extractor sees before it says what else it needs; fewer where the file is shorter. */
export const HEAD_LENGTH = 4096

/**
 * Looks into files while their layer is read, once, and keeps a short text of each that is stored with the layer's index: what is
 * installed by a language's tool is found this way without reading any layer a second time. Of several, the first that accepts a file has it.
 * Pure, never throws for what a file holds, and bounded in time by the bytes it asked for.
 */
export interface ContentExtractor {
  /** Names the extractor and the form of its extracts; a stored index made with another set of ids is not used. */
  readonly id: string
  /** Whether to look at this regular file at all, from its tar header alone. */
  accepts(path: string, size: number, mode: number): boolean
  /** What `extract` will read, given the head; empty if nothing of this file matters. Sorted, not overlapping, inside the file. */
  ranges(size: number, head: Uint8Array): readonly ByteRange[]
  /** What is worth keeping of the file: JSON, at most 1 MiB; undefined if nothing is. */
  extract(path: string, content: ContentByPosition): string | undefined
}

/** What an extractor kept of one file of the merged tree. */
export interface FileExtract {
  readonly path: string
  /** Index of the layer that brought the file. */
  readonly layer: number
  /** The extractor's id. */
  readonly extractor: string
  readonly text: string
}

/** One platform's image, opened. */
export interface OpenImage {
  readonly source: ImageSource
  readonly platform: Platform
  readonly manifest: RawDocument
  readonly config: RawDocument
  readonly layers: readonly ImageLayer[]
  readonly files: ImageFiles
}

export interface ImageLayer {
  readonly descriptor: Descriptor
  /** Digest of the uncompressed tar. */
  readonly diffId: BlobDigest
  /** The history item's `created_by`, where the config has one. */
  readonly createdBy?: string
}

/** One path that a layer gains, replaces or hides. */
export type LayerEntry = {
  readonly path: string
} & (
  | ({ readonly kind: 'file'; readonly content: Uint8Array } & EntryFacts)
  | ({ readonly kind: 'symlink'; readonly target: string } & EntryFacts)
  /** `target` is a path in the same layer. */
  | ({ readonly kind: 'hardlink'; readonly target: string } & EntryFacts)
  | ({ readonly kind: 'directory' } & EntryFacts)
  | { readonly kind: 'whiteout' }
)

export interface EntryFacts {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds since the epoch, whole. */
  readonly mtime: number
  readonly xattrs?: Readonly<Record<string, string>>
}

/** The files an image gains, loses or replaces: the only way an image changes. Sorted by path, no path twice. */
export interface Layer {
  readonly entries: readonly LayerEntry[]
}

/** Where one path of a layer came from, for the receipt: old content → new content → which archive → which signed index. */
export interface FileProvenance {
  readonly path: string
  readonly before?: Sha256
  readonly after?: Sha256
  /** The package (`name:architecture`) that owns it. */
  readonly package?: string
  /** Its content came with the package, it went with it, it is dpkg's database, or it is what a trigger or script would have made. */
  readonly because: 'content' | 'removed' | 'database' | 'trigger'
}
