/** Locks and manifests made by someone who means harm, as text. */

export interface Entry {
  readonly [field: string]: unknown
}

export const VICTIM: Entry = {
  version: '1.0.0',
  resolved: 'https://registry.example/victim/-/victim-1.0.0.tgz',
  integrity: `sha512-${'A'.repeat(86)}==`,
}

const PROJECT = { name: 'project', version: '1.0.0', dependencies: { victim: '^1.0.0' } }

export function manifestWith(fields: Entry = {}): string {
  return JSON.stringify({ ...PROJECT, ...fields })
}

/** Versions 2 and 3: entries by location. Given as pairs, so that `__proto__` is a key like any other. */
export function lockWith(
  entries: readonly (readonly [location: string, entry: unknown])[],
  version: 2 | 3 = 3,
  root: Entry = PROJECT,
): string {
  const packages = [['', root] as const, ['node_modules/victim', VICTIM] as const, ...entries]
  return `{"name":"project","lockfileVersion":${version},"requires":true,"packages":${objectOf(packages)}}`
}

/** Version 1: a tree of `dependencies`. */
export function oldLockWith(dependencies: readonly (readonly [name: string, entry: unknown])[]): string {
  return `{"name":"project","version":"1.0.0","lockfileVersion":1,"requires":true,"dependencies":${objectOf([['victim', VICTIM], ...dependencies])}}`
}

/** JSON of an object with these keys, duplicates included. */
export function objectOf(pairs: readonly (readonly [string, unknown])[]): string {
  return `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`
}
