import type { PatchedFile } from '../model/edit.ts'
import { Fault } from '../model/faults.ts'
import type { Receipt, ReceiptEdit, ReceiptFile } from '../model/receipt.ts'
import type { TextEdit } from '../text/edits.ts'
import { applyEdits, sortEdits } from '../text/edits.ts'
import type { JsonArray, JsonNode, JsonObject } from '../text/json-source.ts'
import { digestOf } from './digest-of.ts'
import { nodeAt, readJson } from './receipt-edits.ts'
import type { Range } from './relocate.ts'
import { relocate } from './relocate.ts'
import { withSecretsOf } from './secrets.ts'

/**
 * Takes exactly the change of one receipt back. A file that is still as the receipt left it gets its old bytes; in a file that
 * changed since, each edit is found again and taken back alone. All or nothing. `current` holds the text of every file that the
 * receipt names. Faults: `undo-conflict`, naming the place; `receipt-invalid`.
 */
export function undo(receipt: Receipt, current: ReadonlyMap<string, string>): PatchedFile[] {
  return receipt.files.map(file => {
    const text = current.get(file.path)
    if (text === undefined) throw conflict(file, undefined, 'the file is gone')
    const now = digestOf(text)
    if (now === file.beforeSha256) throw conflict(file, undefined, 'the change is not in the file; it may have been taken back already')
    const edits = withSecrets(file, text)
    const before = now === file.afterSha256 ? exactly(file, edits, text) : relocated(file, edits, text)
    return { path: file.path, before: text, after: before, beforeSha256: now, afterSha256: digestOf(before) }
  })
}

function withSecrets(file: ReceiptFile, text: string): ReceiptEdit[] {
  const restore = withSecretsOf(text)
  return file.edits.map(edit => {
    const [removed, inserted, left, right] = [restore(edit.removed), restore(edit.inserted), restore(edit.left), restore(edit.right)]
    if (removed !== undefined && inserted !== undefined) return { ...edit, removed, inserted, left: left ?? '', right: right ?? '' }
    throw conflict(file, edit, 'it held credentials, which the receipt does not keep')
  })
}

function exactly(file: ReceiptFile, edits: readonly ReceiptEdit[], text: string): string {
  let shift = 0
  const inverse = edits.map(({ start, removed, inserted }): TextEdit => {
    const from = start + shift
    shift += inserted.length - removed.length
    return { start: from, end: from + inserted.length, insert: removed }
  })
  const lies = inverse.some((edit, index) => text.slice(edit.start, edit.end) !== edits[index]?.inserted)
  const before = lies ? '' : applyEdits(text, inverse)
  if (lies || digestOf(before) !== file.beforeSha256) {
    throw new Fault('receipt-invalid', `The receipt’s edits of ${file.path} do not lead back to the digest that it states.`)
  }
  return before
}

function relocated(file: ReceiptFile, edits: readonly ReceiptEdit[], text: string): string {
  const root = readJson(text)
  const inverse = edits.map((edit): TextEdit => {
    const within = root === undefined ? { start: 0, end: text.length } : nodeAt(root, edit.key)
    if (within === undefined) throw conflict(file, edit, 'it is gone')
    const place = isScalar(within) ? ownPlace(text, edit, within) : relocate(text, edit, within)
    if (place === undefined) throw conflict(file, edit, edit.inserted === '' ? 'its surroundings changed' : 'it changed since')
    return { ...place, insert: edit.removed }
  })
  for (const [index, edit] of inverse.entries()) {
    const next = inverse[index + 1]
    if (next !== undefined && next.start < edit.end) throw conflict(file, edits[index], 'the order of its surroundings changed')
  }
  const before = applyEdits(text, sortEdits(text, inverse))
  if (root !== undefined && readJson(before) === undefined) throw conflict(file, undefined, 'the parts no longer fit together')
  return before
}

function isScalar(place: JsonNode | Range): place is Exclude<JsonNode, JsonObject | JsonArray> {
  return 'kind' in place && place.kind !== 'object' && place.kind !== 'array'
}

function ownPlace(text: string, edit: ReceiptEdit, node: Range): Range | undefined {
  return text.slice(node.start, node.end) === edit.inserted ? { start: node.start, end: node.end } : undefined
}

function conflict(file: ReceiptFile, edit: ReceiptEdit | undefined, why: string): Fault {
  const place = edit === undefined || edit.key.length === 0 ? file.path : `${file.path}, ${edit.key.join(' › ')}`
  return new Fault('undo-conflict', `${place}: ${why}. Nothing was written.`)
}
