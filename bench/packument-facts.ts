/** Package facts read straight from a registry's short documents, without anything from `src/` but the types. */
import { compareBuild, valid } from 'semver'
import type { PackageFacts, VersionFacts } from '../src/model/catalogue.ts'
import type { MadePackage } from './synthetic-registry.ts'

interface ShortVersion {
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>
  readonly bundleDependencies?: readonly string[] | boolean
  readonly engines?: Record<string, string>
  readonly deprecated?: string | boolean
}

function factsOf(version: string, from: ShortVersion): VersionFacts {
  // A short document repeats optional dependencies among the others; the optional ones win.
  const optional = from.optionalDependencies ?? {}
  const dependencies = Object.fromEntries(Object.entries(from.dependencies ?? {}).filter(([name]) => !Object.hasOwn(optional, name)))
  const bundled =
    from.bundleDependencies === true ? true : Array.isArray(from.bundleDependencies) ? (from.bundleDependencies as string[]) : undefined
  return {
    version,
    dependencies,
    optionalDependencies: optional,
    peerDependencies: from.peerDependencies ?? {},
    optionalPeers: Object.entries(from.peerDependenciesMeta ?? {}).flatMap(([name, meta]) => (meta.optional === true ? [name] : [])),
    ...(bundled === undefined ? {} : { bundled }),
    ...(typeof from.engines?.['node'] === 'string' ? { node: from.engines['node'] } : {}),
    ...(from.deprecated === undefined || from.deprecated === false || from.deprecated === '' ? {} : { deprecated: true as const }),
  }
}

/** Asks the registry at `url` for each package once. */
export function packumentFacts(url: string): (name: string) => Promise<PackageFacts | undefined> {
  const known = new Map<string, PackageFacts | undefined>()
  return async name => {
    if (known.has(name)) return known.get(name)
    const response = await fetch(new URL(name.replace('/', '%2f'), url), { headers: { accept: 'application/vnd.npm.install-v1+json' } })
    if (response.status !== 404 && !response.ok) throw new Error(`${name}: the registry answered ${response.status}`)
    const document = response.ok
      ? ((await response.json()) as { versions?: Record<string, ShortVersion>; 'dist-tags'?: Record<string, string> })
      : undefined
    const versions = Object.entries(document?.versions ?? {}).filter(([version]) => valid(version) !== null)
    const facts = document && {
      name,
      versions: versions.sort(([a], [b]) => compareBuild(a, b)).map(([version, from]) => factsOf(version, from)),
      tags: document['dist-tags'] ?? {},
    }
    known.set(name, facts)
    return facts
  }
}

/** The facts of a made-up registry, without a server. */
export function madeFacts(registry: readonly MadePackage[]): (name: string) => Promise<PackageFacts | undefined> {
  const byName = new Map(registry.map(made => [made.name, made]))
  return async name => {
    const made = byName.get(name)
    return (
      made && {
        name,
        tags: {},
        versions: made.versions.map(({ version, dependencies }) => ({ version, dependencies: Object.fromEntries(dependencies) })),
      }
    )
  }
}
