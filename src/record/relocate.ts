import type { ReceiptEdit } from '../model/receipt.ts'

/**
 * Finds the place of an edit in text that changed since. Tried with less and less of the words on both sides, then of one side
 * alone, until the text fits at exactly one place; what it inserted must be there in full. More than one place, or none, is no
 * place: guessing would take back something else.
 */
const LENGTHS = [120, 80, 48, 32, 20, 12]

export interface Range {
  readonly start: number
  readonly end: number
}

/** `within` bounds the search: the JSON value that the edit lies in. */
export function relocate(text: string, edit: ReceiptEdit, within: Range): Range | undefined {
  return find(text, edit, within) ?? (edit.removed === '' ? findWithOtherComma(text, edit.inserted, within) : undefined)
}

function find(text: string, edit: ReceiptEdit, within: Range): Range | undefined {
  for (const [left, right] of contextsOf(edit)) {
    const [first, second] = placesOf(text, left, edit.inserted, right, within)
    if (first !== undefined && second === undefined) return first
  }
  return undefined
}

/** A list member that came with the comma before it has the one behind it once it stands first, and the other way round. */
function findWithOtherComma(text: string, inserted: string, within: Range): Range | undefined {
  const [, before = '', body = '', behind = ''] = /^(,\s*)?(.*?)(,\s*)?$/s.exec(inserted) ?? []
  if ((before === '') === (behind === '') || body === '') return undefined
  const [first, second] = placesOf(text, behind, body, before, within)
  if (first === undefined || second !== undefined) return undefined
  return { start: first.start - behind.length, end: first.end + before.length }
}

function contextsOf({ left, right, inserted }: ReceiptEdit): [string, string][] {
  const both = LENGTHS.map((length): [string, string] => [left.slice(-length), right.slice(0, length)])
  const oneSided = LENGTHS.flatMap((length): [string, string][] => [
    [left.slice(-length), ''],
    ['', right.slice(0, length)],
  ])
  return [...both, ...oneSided.filter(([a, b]) => a !== '' || b !== ''), ...(inserted === '' ? [] : [['', ''] as [string, string]])]
}

/** At most two places: a second is enough to know that the first is not the only one. */
function placesOf(text: string, left: string, inserted: string, right: string, within: Range): Range[] {
  const pattern = left + inserted + right
  const places: Range[] = []
  if (pattern === '') return places
  const from = Math.max(0, within.start - left.length)
  for (let at = text.indexOf(pattern, from); at >= 0 && at <= within.end && places.length < 2; at = text.indexOf(pattern, at + 1)) {
    const start = at + left.length
    const end = start + inserted.length
    if (start >= within.start && end <= within.end) places.push({ start, end })
  }
  return places
}
