import type { Edit } from '../model/edit.ts'
import { Fault } from '../model/faults.ts'

/** An edit within one text: replace `[start, end)` by `insert`. */
export type TextEdit = Omit<Edit, 'file'>

export interface AppliedEdit {
  /** Where the edit begins in the text before, and in the text after. */
  readonly start: number
  readonly startAfter: number
  readonly removed: string
  readonly inserted: string
}

/** Edits in the order of the text; those that begin at the same place keep their order. Faults: `internal` on an overlap or a place outside. */
export function sortEdits<T extends TextEdit>(text: string, edits: readonly T[]): T[] {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
  let end = 0
  for (const edit of sorted) {
    if (!Number.isInteger(edit.start) || !Number.isInteger(edit.end) || edit.start > edit.end || edit.end > text.length || edit.start < 0) {
      throw new Fault('internal', `An edit at ${edit.start}–${edit.end} lies outside the text of ${text.length} characters.`)
    }
    if (edit.start < end) throw new Fault('internal', `Two edits overlap at ${edit.start}.`)
    end = edit.end
  }
  return sorted
}

/** The text with all edits made; every character outside them stays. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  if (edits.length === 0) return text
  const parts: string[] = []
  let from = 0
  for (const edit of sortEdits(text, edits)) {
    parts.push(text.slice(from, edit.start), edit.insert)
    from = edit.end
  }
  parts.push(text.slice(from))
  return parts.join('')
}

/** What each edit takes out and puts in, and where, in the order of the text: enough to take it back without the old text. */
export function describeEdits(text: string, edits: readonly TextEdit[]): AppliedEdit[] {
  let shift = 0
  return sortEdits(text, edits).map(edit => {
    const described = {
      start: edit.start,
      startAfter: edit.start + shift,
      removed: text.slice(edit.start, edit.end),
      inserted: edit.insert,
    }
    shift += edit.insert.length - (edit.end - edit.start)
    return described
  })
}

/** Edits that turn `applyEdits(text, edits)` back into `text`. */
export function invertEdits(text: string, edits: readonly TextEdit[]): TextEdit[] {
  return describeEdits(text, edits).map(edit => ({
    start: edit.startAfter,
    end: edit.startAfter + edit.inserted.length,
    insert: edit.removed,
  }))
}

/** The edits of one file, of a patch that may touch several. */
export function editsOf(file: string, edits: readonly Edit[]): Edit[] {
  return edits.filter(edit => edit.file === file)
}
