import type { JsonObject } from '../../../text/json-source.ts'
import type { LockEntry } from './lock-entries.ts'
import { registryEntries } from './lock-entries.ts'
import type { LockSource } from './lock-source.ts'
import type { ResolvedHabit } from './resolved.ts'
import { resolvedHabit } from './resolved.ts'

/**
 * What a lockfile usually writes. The npm that wrote it decides which fields an entry has, so a new entry looks at its neighbours:
 * npm 7–10 write no `license` (their registry documents lack it), npm before 11 no `libc`, npm 6 no `peer`; `resolved` and
 * `integrity` can be switched off or lost.
 */
export interface LockHabit {
  readonly resolved: ResolvedHabit
  /** Whether an entry should have the field, given the entry it replaces. */
  prints(field: string, current: JsonObject | undefined): boolean
  /** `requires` of version 1 and 2 trees: left out, without empty objects, or always. */
  readonly requires: 'never' | 'unless-empty' | 'always'
}

const MOST = new Set(['resolved', 'integrity', 'license', 'workspaces'])
/** Fields so frequent that a lock with this many entries and none of them leaves them out on purpose. */
const FREQUENT: ReadonlyMap<string, number> = new Map([
  ['engines', 12],
  ['funding', 30],
])
const FLAGS_SINCE_7 = new Set(['peer', 'devOptional'])

export function lockHabit(lock: LockSource): LockHabit {
  const entries = registryEntries(lock)
  const count = (field: string) => entries.filter(({ node }) => node.member(field) !== undefined).length
  const counts = new Map<string, number>()
  const known = (field: string) => {
    const found = counts.get(field) ?? count(field)
    counts.set(field, found)
    return found
  }
  const most = (field: string) => entries.length === 0 || known(field) * 2 >= entries.length
  const bySeven = lock.lockfileVersion !== 1 || known('peer') + known('devOptional') > 0
  const usual = (field: string): boolean => {
    if (field === 'workspaces') return most('license')
    if (field === 'libc') return known('libc') > 0 || (most('license') && !entries.some(isForLinux))
    if (MOST.has(field)) return most(field)
    if (FLAGS_SINCE_7.has(field)) return bySeven
    return known(field) > 0 || entries.length < (FREQUENT.get(field) ?? Number.POSITIVE_INFINITY)
  }
  return {
    resolved: resolvedHabit(entries),
    prints: (field, current) => current?.member(field) !== undefined || usual(field),
    requires: lock.lockfileVersion === 3 ? 'never' : requiresHabit(lock, entries),
  }
}

function isForLinux({ node }: LockEntry): boolean {
  const os = node.get('os')
  return os?.kind === 'array' && os.items.some(item => item.kind === 'string' && item.value === 'linux')
}

/** npm 7 and newer write `requires: {}` for a package with nothing but peers, as long as they treat peers as needs. */
function requiresHabit(lock: LockSource, entries: readonly LockEntry[]): LockHabit['requires'] {
  const legacy = lock.lockfileVersion === 1 ? entries.map(({ node }) => node) : legacyNodes(lock.root)
  const requires = legacy.map(node => node.get('requires')).filter(node => node?.kind === 'object')
  if (requires.some(node => node?.kind === 'object' && node.members.length === 0)) return 'always'
  if (lock.lockfileVersion === 1) return requires.length === 0 && entries.length > 0 ? 'never' : 'unless-empty'
  const peersOnly = entries.some(
    ({ node }) =>
      node.get('peerDependencies') && !node.get('dependencies') && !node.get('optionalDependencies') && !node.get('bundleDependencies'),
  )
  return peersOnly ? 'unless-empty' : 'always'
}

function legacyNodes(parent: JsonObject): JsonObject[] {
  const dependencies = parent.get('dependencies')
  if (dependencies?.kind !== 'object') return []
  return dependencies.members.flatMap(({ value }) => (value.kind === 'object' ? [value, ...legacyNodes(value)] : []))
}
