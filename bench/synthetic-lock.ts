/** A package-lock.json (version 3) over a made-up registry, placed as npm would: at the top where nothing else stands, else in the consumer. */
import { satisfies } from 'semver'
import { integrityOf, type MadePackage, type MadeVersion, newestAt, type Random } from './synthetic-registry.ts'

export interface MadeLock {
  readonly manifest: { readonly name: string; readonly version: string; readonly dependencies: Readonly<Record<string, string>> }
  readonly lockText: string
  /** Install path → what stands there. */
  readonly placed: ReadonlyMap<string, { readonly made: MadePackage; readonly chosen: MadeVersion }>
  /** Every need that the lock meets: who has it, by install path (`''`: the project). */
  readonly needs: readonly { readonly consumer: string; readonly name: string; readonly range: string; readonly served: string }[]
}

/** What `require` would find for a consumer at a path. */
function serving(placed: MadeLock['placed'], consumer: string, name: string): string | undefined {
  for (let folder = consumer; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (placed.has(path)) return path
    if (folder === '') return undefined
  }
}

/** The highest folder, from the consumer upwards, where nothing of the name stands and nobody below would be served wrongly. */
function placeFor(
  placed: MadeLock['placed'],
  needs: { consumer: string; name: string; range: string; served: string }[],
  consumer: string,
  name: string,
  version: string,
): string {
  const at = (folder: string): string => (folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`)
  let best = at(consumer)
  for (let folder = consumer; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = at(folder)
    if (placed.has(path)) break
    const shadowed = needs.filter(need => need.name === name && need.served.length < path.length && isBelow(need.consumer, folder))
    if (shadowed.every(need => satisfies(version, need.range))) best = path
    if (folder === '') break
  }
  for (const need of needs)
    if (need.name === name && need.served.length < best.length && isBelow(need.consumer, folderOf(best, name))) need.served = best
  return best
}

const folderOf = (path: string, name: string): string => path.slice(0, Math.max(0, path.length - name.length - '/node_modules/'.length))
const isBelow = (consumer: string, folder: string): boolean => folder === '' || consumer === folder || consumer.startsWith(`${folder}/`)

export function makeLock(registry: readonly MadePackage[], roots: number, at: number, random: Random): MadeLock {
  const byName = new Map(registry.map(made => [made.name, made]))
  const chosenRoots = new Set<MadePackage>()
  while (chosenRoots.size < Math.min(roots, registry.length))
    chosenRoots.add(registry[Math.floor(registry.length * random() ** 1.5)] ?? random.pick(registry))
  const dependencies = [...chosenRoots]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((made): [string, string] => [made.name, `^${newestAt(made, at * (0.4 + 0.6 * random())).version}`])
  const placed = new Map<string, { made: MadePackage; chosen: MadeVersion }>()
  const needs: { consumer: string; name: string; range: string; served: string }[] = []
  const queue: { path: string; wanted: Iterable<readonly [string, string]> }[] = [{ path: '', wanted: dependencies }]
  // Breadth first: a consumer's own folder is filled before anything below it is resolved, so that nothing is shadowed later.
  for (let consumer = queue.shift(); consumer !== undefined; consumer = queue.shift()) {
    for (const [name, range] of consumer.wanted) {
      const made = byName.get(name)
      if (made === undefined) throw new RangeError(`${name} is not in the registry`)
      const found = serving(placed, consumer.path, name)
      const standing = found === undefined ? undefined : placed.get(found)
      if (found !== undefined && standing !== undefined && satisfies(standing.chosen.version, range)) {
        needs.push({ consumer: consumer.path, name, range, served: found })
        continue
      }
      const inRange = made.versions.filter(version => satisfies(version.version, range))
      const chosen = inRange.findLast(version => version.at <= at) ?? inRange[0]
      if (chosen === undefined) throw new RangeError(`nothing of ${name} is in ${range}`)
      const path = placeFor(placed, needs, consumer.path, name, chosen.version)
      placed.set(path, { made, chosen })
      needs.push({ consumer: consumer.path, name, range, served: path })
      queue.push({ path, wanted: chosen.dependencies })
    }
  }
  const manifest = { name: 'synthetic', version: '1.0.0', dependencies: Object.fromEntries(dependencies) }
  const entries = [...placed]
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([path, { made, chosen }]) => [
      path,
      {
        version: chosen.version,
        resolved: `https://registry.example/${made.name}/-/${made.name}-${chosen.version}.tgz`,
        integrity: integrityOf(made.name, chosen.version),
        ...(chosen.dependencies.size === 0 ? {} : { dependencies: Object.fromEntries(chosen.dependencies) }),
      },
    ])
  const lock = {
    name: manifest.name,
    version: manifest.version,
    lockfileVersion: 3,
    requires: true,
    packages: { '': manifest, ...Object.fromEntries(entries) },
  }
  return { manifest, lockText: `${JSON.stringify(lock, undefined, 2)}\n`, placed, needs }
}
