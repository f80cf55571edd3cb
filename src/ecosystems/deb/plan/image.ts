/** The packages that an image holds, as planning sees them, and what is broken among them already and may therefore stay broken. */
import { type InstalledPackage, packageKey, type RelationGroup } from '../package.ts'
import { namesIn, needsOf, PackageIndex } from './package-index.ts'

export interface ImagePackages {
  /** The architecture that `all` stands for. */
  readonly native: string
  /** By `name:architecture`, in that order. */
  readonly slots: ReadonlyMap<string, InstalledPackage>
  readonly index: PackageIndex<InstalledPackage>
  /** `name:architecture` → names of its needs that nothing meets today. */
  readonly unmet: ReadonlyMap<string, ReadonlySet<string>>
  /** Pairs of keys, ascending and joined by a space, that exclude each other and stand side by side all the same. */
  readonly clashing: ReadonlySet<string>
}

export function readImage(installed: readonly InstalledPackage[], native: string): ImagePackages {
  const present = installed.filter(isPresent).sort((a, b) => (packageKey(a) < packageKey(b) ? -1 : 1))
  const index = new PackageIndex<InstalledPackage>()
  for (const item of present) index.add(item, item)
  const unmet = new Map<string, Set<string>>()
  const clashing = new Set<string>()
  for (const item of present) {
    const asker = { architecture: item.architecture, native }
    const missing = needsOf(item).filter(group => !index.isServed(group, asker))
    if (missing.length > 0) unmet.set(packageKey(item), new Set(missing.map(namesIn)))
    for (const { held } of index.excludedBy(item, native)) clashing.add(pairKey(packageKey(item), packageKey(held)))
  }
  return { native, slots: new Map(present.map(item => [packageKey(item), item])), index, unmet, clashing }
}

/** Removed packages of which only configuration is left are not there. */
function isPresent({ status }: InstalledPackage): boolean {
  return status === undefined || !['config-files', 'not-installed'].includes(status.state)
}

/**
 * A need that a package may leave unmet, in this or another version: the version that is there has one for the same names, and neither
 * is met today.
 */
export function isBroken({ unmet, index, native }: ImagePackages, key: string, group: RelationGroup, architecture: string): boolean {
  return unmet.get(key)?.has(namesIn(group)) === true && !index.isServed(group, { architecture, native })
}

export function pairKey(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}

/** Whether an offered package is another version of what stands in a slot: the architecture is the same, or `all` on one side. */
export function fitsSlot(offered: { readonly architecture: string }, installed: InstalledPackage, native: string): boolean {
  const concrete = (architecture: string): string => (architecture === 'all' ? native : architecture)
  return concrete(offered.architecture) === concrete(installed.architecture)
}
