import type { LockEntry } from './lock-entries.ts'
import { textOf } from './lock-entries.ts'

/**
 * Where a lock says its archives lie. Registries share one form, `<base>/<name>/-/<file>.tgz`; a lock repeats the base of the
 * registry it was made with, which need not be the one that answers today. So a new address takes its base from its neighbours.
 */
export interface ResolvedHabit {
  /** The address for a version; undefined when the lock shows no form that fits. `current` is what the entry says now. */
  address(name: string, version: string, tarball: string | undefined, current: string | undefined): string | undefined
}

interface Form {
  readonly base: string
  /** `@scope%2fname` where a registry writes the slash so. */
  readonly slash: '/' | '%2f' | '%2F'
}

export function resolvedHabit(entries: readonly LockEntry[]): ResolvedHabit {
  const votes = new Map<string, Map<string, { form: Form; count: number }>>()
  for (const { name, node } of entries) {
    const form = formOf(name, textOf(node.get('resolved')))
    if (form === undefined) continue
    for (const group of [scopeOf(name), 'all']) {
      const counts = votes.get(group) ?? new Map<string, { form: Form; count: number }>()
      const key = `${form.base} ${form.slash}`
      counts.set(key, { form, count: (counts.get(key)?.count ?? 0) + 1 })
      votes.set(group, counts)
    }
  }
  const leader = (group: string) => [...(votes.get(group)?.values() ?? [])].sort((a, b) => b.count - a.count)[0]?.form
  return {
    address(name, version, tarball, current) {
      const form = formOf(name, current) ?? leader(scopeOf(name)) ?? leader('all')
      if (form === undefined) return undefined
      return `${form.base}${name.replace('/', form.slash)}/-/${fileOf(name, version, tarball)}`
    },
  }
}

/** The file name as the registry gives it, because some old ones are irregular; else the regular one. */
function fileOf(name: string, version: string, tarball: string | undefined): string {
  const given = /\/-\/([A-Za-z0-9][A-Za-z0-9._~+-]*\.tgz)(?:[?#].*)?$/.exec(tarball ?? '')?.[1]
  return given ?? `${name.slice(name.indexOf('/') + 1)}-${version.replace(/\+.*$/, '')}.tgz`
}

function formOf(name: string, resolved: string | undefined): Form | undefined {
  if (resolved === undefined) return undefined
  for (const slash of ['/', '%2f', '%2F'] as const) {
    const at = resolved.lastIndexOf(`/${name.replace('/', slash)}/-/`)
    if (at >= 0) return { base: resolved.slice(0, at + 1), slash: name.includes('/') ? slash : '/' }
  }
  return undefined
}

function scopeOf(name: string): string {
  return name.startsWith('@') ? name.slice(0, name.indexOf('/')) : 'unscoped'
}
