import { dependencyFlags, type Flags } from './flags.ts'
import { FLAGS } from './lockfile/lock-changes.ts'
import { registryEntries } from './lockfile/lock-entries.ts'
import type { LockSource } from './lockfile/lock-source.ts'
import type { Tree } from './tree.ts'

export interface LockedFlags {
  readonly flagsBefore: ReadonlyMap<string, Flags>
  /** The lock was written by an npm that follows no peer. */
  readonly ignorePeers: boolean
}

/**
 * The flags of a lock's tree, by the rule that its own entries follow. Whether peers count depends on the npm that wrote it and on
 * its settings then, so the entries where the two rules part say which it was; where none does, peers count.
 */
export function lockedFlags(source: LockSource, tree: Tree): LockedFlags {
  const following = dependencyFlags(tree)
  const ignoring = dependencyFlags(tree, { ignorePeers: true })
  let balance = 0
  for (const { path, node } of registryEntries(source)) {
    const [follows, ignores] = [following.get(path), ignoring.get(path)]
    if (follows === undefined || ignores === undefined) continue
    // Neither is known to npm 6, so nothing follows from their absence.
    const told = FLAGS.filter(flag => source.lockfileVersion !== 1 || (flag !== 'peer' && flag !== 'devOptional'))
    const agrees = (flags: Flags) => told.every(flag => flags[flag] === (node.member(flag) !== undefined))
    balance += Number(agrees(follows)) - Number(agrees(ignores))
  }
  return balance >= 0 ? { flagsBefore: following, ignorePeers: false } : { flagsBefore: ignoring, ignorePeers: true }
}
