import type { Edit, PatchedFile } from '../model/edit.ts'
import { Fault } from '../model/faults.ts'
import type { VerificationStep } from './step.ts'

export type Outside =
  /** `characters`: how many stand outside the edits, in UTF-16 code units. */
  | { readonly unchanged: true; readonly characters: number }
  /** `at`: the first place of the text before where the two part, or where the edits contradict themselves. */
  | { readonly unchanged: false; readonly at: number }

/**
 * Whether `after` is `before` with these edits and nothing else. Walks both texts side by side and never builds the result,
 * so that a fault of the code that applied the edits cannot repeat itself here.
 */
export function unchangedOutside(before: string, after: string, edits: readonly Omit<Edit, 'file'>[]): Outside {
  const inOrder = [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
  let here = 0
  let there = 0
  let characters = 0
  const walk = (to: number): number | undefined => {
    for (; here < to; here++, there++, characters++) {
      if (there >= after.length || before.charCodeAt(here) !== after.charCodeAt(there)) return here
    }
    return undefined
  }
  for (const { start, end, insert } of inOrder) {
    if (start < here || end < start || end > before.length) return { unchanged: false, at: start }
    const parted = walk(start)
    if (parted !== undefined) return { unchanged: false, at: parted }
    if (!after.startsWith(insert, there)) return { unchanged: false, at: start }
    here = end
    there += insert.length
  }
  const parted = walk(before.length)
  if (parted !== undefined) return { unchanged: false, at: parted }
  return there === after.length ? { unchanged: true, characters } : { unchanged: false, at: before.length }
}

/** The step "bytes outside the change". Faults: `verification-failed`. */
export function checkOutside(files: readonly PatchedFile[], edits: readonly Edit[]): VerificationStep {
  const stray = edits.find(edit => !files.some(file => file.path === edit.file))
  if (stray !== undefined) throw new Fault('verification-failed', `An edit names ${stray.file}, which is not among the files of the patch.`)
  let characters = 0
  for (const { path, before, after } of files) {
    const own = edits.filter(edit => edit.file === path)
    const outside = unchangedOutside(before, after, own)
    if (!outside.unchanged) throw new Fault('verification-failed', `${path} changed outside the planned edits, at character ${outside.at}.`)
    characters += outside.characters
  }
  return { check: 'bytes outside the change', result: 'passed', detail: `${characters.toLocaleString('en')} characters unchanged` }
}
