import type { Edit } from '../../../model/edit.ts'
import { jsonStyle } from '../../../text/json-edits.ts'
import { assertInstallPath } from './entry-fields.ts'
import { withExactRequires } from './exact-requires.ts'
import { legacyEdits } from './legacy-section.ts'
import type { LockChanges } from './lock-changes.ts'
import { lockHabit } from './lock-habit.ts'
import type { LockSource } from './lock-source.ts'
import { packagesEdits } from './packages-section.ts'

/**
 * The edits that make a lockfile say what `changes` ask for, in the words that npm would use, and touch nothing else. Version 3 is
 * a flat section, version 1 a nested tree, version 2 both. Faults: `lockfile-invalid`.
 */
export function lockEdits(lock: LockSource, changes: LockChanges): Edit[] {
  for (const path of [...changes.set.keys(), ...changes.remove]) assertInstallPath(path)
  const habit = lockHabit(lock)
  const style = jsonStyle(lock.text, lock.root)
  const edits = [
    ...(lock.lockfileVersion === 1 ? [] : packagesEdits(lock, changes, habit, style)),
    ...(lock.lockfileVersion === 3 ? [] : legacyEdits(lock, withExactRequires(lock, changes), habit, style)),
  ]
  return edits.sort((a, b) => a.start - b.start || a.end - b.end).map(edit => ({ file: lock.file, ...edit }))
}
