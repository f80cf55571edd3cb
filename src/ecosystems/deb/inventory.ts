/** An image's Debian packages as an inventory: one component a package, its needs, and which layer brought it. */
import { Fault } from '../../model/faults.ts'
import type { ImageFiles } from '../../model/image.ts'
import type { Component, Dependency, Inventory } from '../../model/inventory.ts'
import { type OsRelease, osvEcosystem, readOsRelease } from './os-release.ts'
import { type DebPackage, type InstalledPackage, packageKey } from './package.ts'
import { type DpkgDatabase, readDpkg } from './read-status.ts'
import { type Asker, printGroup, satisfies } from './relations.ts'

/** Components stand at `name:architecture`. */
export interface DebInventory extends Inventory {
  readonly database: DpkgDatabase
  readonly release: OsRelease
  /** The ecosystem that advisories are asked for; undefined where OSV has none for this distribution. */
  readonly advisoryEcosystem: string | undefined
}

/** Undefined for an image without Debian packages. `id` is the image's reference. Throws `dpkg-status-invalid`. */
export async function readDebInventory(files: ImageFiles, id: string): Promise<DebInventory | undefined> {
  const database = await readDpkg(files)
  if (database === undefined) return undefined
  const release = await readOsRelease(files)
  if (release === undefined)
    throw new Fault('distribution-unsupported', 'The image has Debian packages and no os-release, so nothing says which release it is')
  const digests = await files.digests(database.texts.keys())
  const advisoryEcosystem = osvEcosystem(release)
  return {
    target: { kind: 'image', ecosystem: advisoryEcosystem ?? release.id, id },
    components: database.packages.map(item => ({ ...debComponent(item, { release, advisoryEcosystem }), layer: item.layer })),
    dependencies: dependenciesOf(database),
    files: [...digests].map(([path, sha256]) => ({ path, sha256 })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    database,
    release,
    advisoryEcosystem,
  }
}

/** A package as it stands, or would stand, in an image of this release. Advisories speak of its source package. */
export function debComponent(
  item: DebPackage,
  { release, advisoryEcosystem }: Pick<DebInventory, 'release' | 'advisoryEcosystem'>,
): Component {
  const { name, version } = item.source
  return {
    location: packageKey(item),
    name: item.name,
    version: item.version,
    purl: debPurl(item, release),
    scope: 'runtime',
    origin: 'registry',
    subject: {
      ecosystem: advisoryEcosystem ?? release.id,
      name,
      version,
      purl: debPurl({ name, version, architecture: 'source', source: { name, version } }, release),
    },
  }
}

/** Package URL, type `deb`: qualifiers sorted by name; `upstream` is the source package, with its version where that differs. */
export function debPurl(item: Pick<DebPackage, 'name' | 'version' | 'architecture' | 'source'>, release: OsRelease): string {
  const { source } = item
  const upstream =
    source.version !== item.version ? `${source.name}@${source.version}` : source.name !== item.name ? source.name : undefined
  const distribution = [release.id, release.version ?? release.codename].filter(part => part !== undefined).join('-')
  const qualifiers = [
    `arch=${encode(item.architecture)}`,
    `distro=${encode(distribution)}`,
    ...(upstream === undefined ? [] : [`upstream=${encode(upstream)}`]),
  ]
  return `pkg:deb/${encode(release.id)}/${encode(item.name.toLowerCase())}@${encode(item.version)}?${qualifiers.join('&')}`
}

/** As the package URL specification has it: a colon stays. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function dependenciesOf({ packages, native }: DpkgDatabase): Dependency[] {
  const byName = new Map<string, InstalledPackage[]>()
  const add = (name: string, item: InstalledPackage): void => {
    const items = byName.get(name)
    if (items === undefined) byName.set(name, [item])
    else if (items.at(-1) !== item) items.push(item)
  }
  for (const item of packages) {
    add(item.name, item)
    for (const { name } of item.provides) add(name, item)
  }
  return packages.flatMap(item => {
    const asker: Asker = { architecture: item.architecture, native }
    return [...item.preDepends, ...item.depends].map((group): Dependency => {
      for (const relation of group) {
        const server = byName.get(relation.name)?.find(candidate => satisfies(relation, candidate, asker))
        if (server === undefined) continue
        return { from: packageKey(item), name: relation.name, range: printGroup(group), kind: 'runtime', to: packageKey(server), met: true }
      }
      return { from: packageKey(item), name: group[0]?.name ?? '', range: printGroup(group), kind: 'runtime', met: false }
    })
  })
}
