/** A synthetic project's side of planning, with the registry in memory. */
import { Planning } from '../src/ecosystems/npm/planning.ts'
import { readRepository } from '../src/ecosystems/npm/repository.ts'
import type { PackageFacts } from '../src/model/catalogue.ts'
import { DEFAULT_POLICY } from '../src/model/policy.ts'
import { matcherOf, WEIGHTS } from './osv.ts'
import { madeFacts } from './packument-facts.ts'
import type { Synthetic } from './synthetic.ts'

/** `folder` holds what `writeSynthetic` wrote. */
export async function planningOf(made: Pick<Synthetic, 'registry' | 'advisories'>, folder: string): Promise<Planning> {
  const facts = madeFacts(made.registry)
  const known = new Map<string, PackageFacts | undefined>()
  const matcher = matcherOf(made.advisories)
  return Planning.open({
    repository: readRepository(folder),
    catalogue: {
      load: async names => {
        for (const name of names) known.set(name, (await facts(name)) ?? { name, versions: [], tags: {} })
      },
      get: name => known.get(name),
    },
    bundled: (name, version) => Promise.reject(new Error(`${name}@${version} has no archive`)),
    rules: { policy: DEFAULT_POLICY, node: undefined, now: new Date('2026-01-01T00:00:00Z'), needsIntegrity: false },
    match: (name, version) => matcher(name, version).map(match => ({ id: match.group, ...match })),
    weigh: (_name, match) => ({ weight: WEIGHTS[match.severity], aside: 0 }),
  })
}
