/** What verify compares beside the derived digests: the receipt with its own name, its list of files, and the bytes that are stored. */
import { basename } from 'node:path'
import { wholeImage } from '../../../images/whole-image.ts'
import type { FileProvenance, ImageSource } from '../../../model/image.ts'
import type { ImageReceipt, PatchedPlatform } from '../../../model/receipt.ts'
import type { VerifyResult } from '../../engine.ts'
import type { ReceiptOnDisk } from '../receipts.ts'

export type Check = VerifyResult['checks'][number]

export function equal(check: string, found: string, wanted: string): Check {
  return found === wanted
    ? { check, result: 'passed', detail: found }
    : { check, result: 'failed', detail: `${found}, and the receipt says ${wanted}` }
}

/** A receipt is named by its content. That tells a damaged one; against a forger there are signatures. */
export function nameCheck({ path, contentId }: Pick<ReceiptOnDisk, 'path' | 'contentId'>): Check {
  const [, named] = /-([0-9a-f]{8})\.json$/.exec(basename(path)) ?? []
  if (named === undefined) return { check: 'the receipt', result: 'skipped', detail: 'its name says nothing about its content' }
  return named === contentId
    ? { check: 'the receipt', result: 'passed', detail: 'its content is the one that it is named by' }
    : { check: 'the receipt', result: 'failed', detail: `its content was changed: it would be named by ${contentId}` }
}

/** Old and new content of every path, as the receipt has them. */
export function filesCheck({ platform, files }: PatchedPlatform, derived: readonly FileProvenance[]): Check {
  const check = `${platform}: files`
  const found = new Map(derived.map(file => [file.path, textOf(file)]))
  const wrong = files.filter(file => found.get(file.path) !== textOf(file))
  const [first] = wrong
  if (first === undefined && files.length === derived.length)
    return { check, result: 'passed', detail: `${files.length} paths, each from what the receipt says to what it says` }
  return { check, result: 'failed', detail: `${Math.max(wrong.length, 1)} differ from the receipt${first ? `, first /${first.path}` : ''}` }
}

function textOf({ before, after, package: owner, because }: FileProvenance): string {
  return [before, after, owner, because].join(' ')
}

/**
 * Reads what is stored: all of a local image; of one in a registry, which has the unchanged layers under their digests, what the patch brought.
 * Throws `image-digest-mismatch`.
 */
export async function storedCheck(source: ImageSource, { platforms }: ImageReceipt, all: boolean): Promise<Check> {
  const { blobs, documents } = await wholeImage(source)
  const brought = new Set(platforms.map(({ layer }) => layer.digest))
  const read = blobs.filter(({ descriptor }) => all || brought.has(descriptor.digest))
  let bytes = 0
  for (const { descriptor } of read) for await (const chunk of source.blob(descriptor)) bytes += chunk.length
  const detail = `${read.length} of ${blobs.length} layers (${bytes} bytes) and ${documents.length + 1} documents have the content of their digests`
  return { check: 'what is stored', result: 'passed', detail }
}
