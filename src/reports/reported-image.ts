/** What every report says of an image, and ids that follow from what is reported: the same report has the same id, wherever it is made. */
import { createHash } from 'node:crypto'
import type { BlobDigest } from '../model/image.ts'
import { packageUrl } from '../text/package-url.ts'

/** One platform's image as it is after the patch. */
export interface ReportedImage {
  /** Its manifest's digest. */
  readonly digest: BlobDigest
  /** The last part of its repository, or what its folder or file is called. */
  readonly name: string
  /** With registry and path, as in `registry.example/team/app`; absent where it is in no registry. */
  readonly repository?: string
  /** `os/architecture[/variant]`. */
  readonly platform: string
}

/** Who made the report, and when; the caller has the clock. */
export interface ReportOrigin {
  readonly toolVersion: string
  /** RFC 3339, in UTC, to the second. */
  readonly timestamp: string
}

/** Says which image, and nothing that another tool might spell in another way: the digest is enough to tell platforms and tags apart. */
export function imagePurl({ digest, name, repository = '' }: ReportedImage): string {
  return packageUrl({ type: 'oci', name: name.toLowerCase(), version: digest, qualifiers: { repository_url: repository } })
}

/** 64 hexadecimal characters. */
export function imageSha256({ digest }: ReportedImage): string {
  return digest.slice('sha256:'.length)
}

/** A UUID of version 8 (RFC 9562, section 5.8) that follows from a document. */
export function uuidOf(document: object): string {
  const hex = createHash('sha256').update(JSON.stringify(document)).digest('hex')
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Two spaces, and a line feed at the end. */
export function printJson(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`
}

/** By UTF-16 code units: the same order in every locale. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
