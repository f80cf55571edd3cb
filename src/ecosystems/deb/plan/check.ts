/**
 * Whether a set of packages may take the place of an image's: judged by the relations themselves, apart from how the planner put
 * them into clauses. Only what was right before and is wrong afterwards counts.
 */
import { deb } from '../../../versions/deb.ts'
import { type DebPackage, packageKey } from '../package.ts'
import { printGroup, printRelation } from '../relations.ts'
import { type ImagePackages, isBroken, pairKey } from './image.ts'
import { needsOf, PackageIndex } from './package-index.ts'

export interface Defect {
  /** Keys of the packages involved. */
  readonly keys: readonly string[]
  readonly sentence: string
}

/** `after` is keyed as the image's slots; a package whose architecture changes to or from `all` keeps its slot. */
export function newDefects(image: ImagePackages, after: ReadonlyMap<string, DebPackage>): readonly Defect[] {
  const defects: Defect[] = []
  const { native } = image
  const index = new PackageIndex<string>()
  for (const [key, item] of after) index.add(item, key)
  for (const [key, { version }] of image.slots) {
    const item = after.get(key)
    if (item === undefined) defects.push({ keys: [key], sentence: `${key} is gone` })
    else if (item.version !== version && deb.compare(item.version, version) <= 0)
      defects.push({ keys: [key], sentence: `${key} ${item.version} is no higher than ${version}` })
  }
  for (const [key, item] of after) {
    for (const group of needsOf(item)) {
      if (index.isServed(group, { architecture: item.architecture, native })) continue
      if (isBroken(image, key, group, item.architecture)) continue
      const asked = group.flatMap(({ name }) => [...after].flatMap(([other, { name: own }]) => (own === name ? [other] : [])))
      defects.push({ keys: [key, ...asked], sentence: `${named(item)} needs ${printGroup(group)}` })
    }
    for (const { held, relation } of index.excludedBy(item, native)) {
      if (!image.clashing.has(pairKey(key, held)))
        defects.push({ keys: [key, held], sentence: `${named(item)} excludes ${printRelation(relation)}` })
    }
  }
  return [...defects, ...splitVersions(image, after)]
}

/** `Multi-Arch: same` packages of several architectures share their files, so they share their version. */
function splitVersions(image: ImagePackages, after: ReadonlyMap<string, DebPackage>): readonly Defect[] {
  const byName = new Map<string, readonly string[]>()
  for (const [key, { name }] of after) byName.set(name, [...(byName.get(name) ?? []), key])
  return [...byName].flatMap(([name, keys]): Defect[] => {
    const differs = (packages: ReadonlyMap<string, DebPackage>): boolean => {
      const here = keys.flatMap(key => packages.get(key) ?? [])
      return here.length > 1 && (here.some(({ multiArch }) => multiArch !== 'same') || new Set(here.map(({ version }) => version)).size > 1)
    }
    return differs(after) && !differs(image.slots) ? [{ keys, sentence: `${name} has different versions for its architectures` }] : []
  })
}

export function named(item: Pick<DebPackage, 'name' | 'version' | 'architecture'>): string {
  return `${packageKey(item)} ${item.version}`
}
