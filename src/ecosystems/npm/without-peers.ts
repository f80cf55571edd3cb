/** A catalogue as npm reads it with `legacy-peer-deps`: no version has peers. */
import type { Catalogue, PackageFacts, VersionFacts } from '../../model/catalogue.ts'

export function withoutPeers(catalogue: Catalogue): Catalogue {
  const known = new WeakMap<PackageFacts, PackageFacts>()
  return {
    load: names => catalogue.load(names),
    get: name => {
      const facts = catalogue.get(name)
      if (facts === undefined) return undefined
      const stripped = known.get(facts) ?? { ...facts, versions: facts.versions.map(alone) }
      known.set(facts, stripped)
      return stripped
    },
  }
}

function alone(facts: VersionFacts): VersionFacts {
  if (facts.peerDependencies === undefined && facts.optionalPeers === undefined) return facts
  const { peerDependencies: _, optionalPeers: __, ...rest } = facts
  return rest
}
