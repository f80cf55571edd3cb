/**
 * Moves the references of a Dockerfile or compose file to newer images of their line where these leave less risk: tags and digests are
 * edited where they stand, as one act with a receipt. What a layer would fix on top is not done here: no file can say it.
 */
import { readFile } from 'node:fs/promises'
import { isAbsolute, relative, resolve } from 'node:path'
import { recover, sha256Of, writeFiles } from '../../../apply/write-files.ts'
import { readCompose } from '../../../manifests/compose.ts'
import { readDockerfile } from '../../../manifests/dockerfile.ts'
import { sha256FromHex } from '../../../model/digest.ts'
import type { Edit, PatchedFile } from '../../../model/edit.ts'
import { Fault } from '../../../model/faults.ts'
import type { ReceiptOrigin } from '../../../model/receipt.ts'
import { signingKey } from '../../../record/envelope.ts'
import { makeReceipt, sealReceipt } from '../../../record/receipt.ts'
import { applyEdits, editsOf } from '../../../text/edits.ts'
import { checkOutside } from '../../../verify/compare.ts'
import type { VerificationStep } from '../../../verify/step.ts'
import type { EngineWorld, FixRequest, ImageFileFix, ReferenceMove } from '../../engine.ts'
import type { OfImage } from '../image/verbs.ts'
import { readText } from '../receipts.ts'
import { planImageFile } from './each-image.ts'

/** Faults: `dockerfile-invalid`, `file-changed`, `usage` for a file outside the folder, and those of writing. */
export async function fixImageFile(world: EngineWorld, request: OfImage<FixRequest>, path: string): Promise<ImageFileFix> {
  const { folder, dryRun } = request
  if (!dryRun) await recover(folder)
  const images = await planImageFile(world, request, path)
  const nothing: ImageFileFix = { images, written: false, signed: false, verification: [] }
  // A file that two services build is named twice.
  const moves = [
    ...new Map(images.flatMap(({ move }) => (move === undefined ? [] : [[`${move.file} ${move.place.start}`, move]]))).values(),
  ]
  if (moves.length === 0) return nothing
  const within = (file: string) => pathWithin(folder, resolve(world.workingFolder, file))
  const edits = moves.map(({ file, place, insert }): Edit => ({ file: within(file), ...place, insert }))
  const files = await patchedFiles(folder, moves, within, edits)
  const verification = [checkOutside(files, edits), readAnew(files, moves, within), lookedAt(moves)]
  if (dryRun) return { ...nothing, verification }
  const pem = request.key === undefined ? undefined : await readText(request.key, 'key-invalid')
  const plan = images.find(({ result }) => result !== undefined)?.result?.plan
  const receipt = makeReceipt({
    toolVersion: world.toolVersion,
    now: world.now,
    target: path,
    files,
    edits,
    changes: moves.map(changeOf),
    origins: moves.map(originOf),
    advisories: { hash: plan?.advisories.hash ?? '', newest: plan?.advisories.newest ?? '' },
    verification,
  })
  const sealed = sealReceipt(receipt, pem === undefined ? undefined : signingKey(pem))
  await writeFiles(folder, [...files, { path: sealed.path, after: sealed.text }])
  return { ...nothing, written: true, receipt: sealed.path, signed: pem !== undefined, verification }
}

/** Receipts name files from the folder on, and what writes them stays in it. */
function pathWithin(folder: string, file: string): string {
  const path = relative(folder, file)
  if (path !== '' && !path.startsWith('..') && !isAbsolute(path)) return path.replaceAll('\\', '/')
  throw new Fault('usage', `${file} lies outside of ${folder}, where the receipt would be.`, {
    hint: 'Run the command in a folder above the file.',
  })
}

async function patchedFiles(folder: string, moves: readonly ReferenceMove[], within: (file: string) => string, edits: readonly Edit[]) {
  const files: PatchedFile[] = []
  for (const path of new Set(edits.map(({ file }) => file))) {
    const bytes = await readFile(resolve(folder, path))
    const before = bytes.toString('utf8')
    if (!Buffer.from(before).equals(bytes)) throw new Fault('dockerfile-invalid', `${path} is no UTF-8 text, so it is not changed.`)
    const isAsRead = moves.every(({ file, place, removed }) => within(file) !== path || before.slice(place.start, place.end) === removed)
    if (!isAsRead) throw new Fault('file-changed', `${path} changed while it was looked at. Nothing was written.`)
    const after = applyEdits(before, editsOf(path, edits))
    files.push({ path, before, after, beforeSha256: sha256Of(bytes), afterSha256: sha256Of(after) })
  }
  return files
}

/** The files as they would be, read again: each reference where it was, at its new name. */
function readAnew(files: readonly PatchedFile[], moves: readonly ReferenceMove[], within: (file: string) => string): VerificationStep {
  for (const move of moves) {
    const path = within(move.file)
    const text = files.find(file => file.path === path)?.after ?? ''
    const uses = move.isService ? readCompose(text, path, () => '').images : readDockerfile(text, path)
    if (!uses.some(({ line, reference }) => line === move.line && reference === move.to))
      throw new Fault('verification-failed', `${path} would not name ${move.to} on line ${move.line}. Nothing was written.`)
  }
  return { check: 'the file read anew', result: 'passed', detail: `${moves.length} of ${moves.length} references name what was looked at` }
}

function lookedAt(moves: readonly ReferenceMove[]): VerificationStep {
  const left = moves.reduce((sum, { base }) => sum + base.findingsLeft, 0)
  return {
    check: 'scan of the newer images',
    result: 'passed',
    detail: `${left} findings stay in ${moves.map(({ base }) => base.digest).join(', ')}`,
  }
}

function changeOf({ from, to, base, fixes }: ReferenceMove) {
  const because = `${base.reference} is newer and leaves less risk`
  return { name: nameOf(from), from: from.slice(nameOf(from).length + 1), to: to.slice(nameOf(to).length + 1), because, fixes }
}

/** Where the newer image's manifest is, by its digest. */
function originOf({ from, to, base }: ReferenceMove): ReceiptOrigin {
  const metadataSha256 = sha256FromHex(base.digest.slice('sha256:'.length))
  return { name: nameOf(from), version: to.slice(nameOf(to).length + 1), metadataSha256 }
}

function nameOf(reference: string): string {
  return /^(.*?)(?::[^/:@]*)?(?:@.*)?$/s.exec(reference)?.[1] ?? reference
}
