import { declaredByFacts } from './build-tree.ts'
import { revise } from './manifest-edits.ts'
import { overriddenRange, scopeBelow } from './overrides.ts'
import type { PlaceInput } from './place.ts'
import { parseSpec } from './ranges.ts'
import type { Need, TreeNode } from './tree.ts'

/** A version of what a need asks for, standing at a location: as in the lock where it is there already, else as the registry describes it. */
export function newNode(input: PlaceInput, location: string, need: Need, version: string): TreeNode | undefined {
  const spec = parseSpec(need.name, need.range)
  if (spec.kind === 'immovable') return undefined
  const { locked, overrides, factsOf } = input
  const twin = locked.units.get(`${spec.name}@${version}`)?.nodes[0]
  if (twin !== undefined) return revise({ ...twin, location }, input.revisions)
  const facts = factsOf(spec.name, version)
  if (facts === undefined) return undefined
  const scope = scopeBelow(overrides, undefined, spec.name, version)
  const node: TreeNode = {
    location,
    packageName: spec.name,
    version,
    origin: 'registry',
    needs: declaredByFacts(facts).map(({ name, range, kind }) => ({
      name,
      declared: range,
      range: overriddenRange(overrides, scope, name, range),
      kind,
    })),
    hasInstallScript: facts.hasInstallScript === true,
    deprecated: facts.deprecated === true,
    ...(facts.node === undefined ? {} : { node: facts.node }),
  }
  return revise(node, input.revisions)
}
