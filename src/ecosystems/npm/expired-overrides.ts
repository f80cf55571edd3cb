import type { Locked } from './locked.ts'
import type { OverrideRule } from './overrides.ts'
import { inRange, parseSpec } from './ranges.ts'

/**
 * Overrides for one package alone that are no longer needed: every version of it in the lock by now accepts what the override names.
 * One sentence for each.
 */
export function expiredOverrides(locked: Locked, overrides: readonly OverrideRule[]): readonly string[] {
  return overrides.flatMap(({ name: owner, nested }) =>
    nested.flatMap(({ name, value }) => {
      const needs = [...locked.tree.values()]
        .filter(node => node.packageName === owner)
        .flatMap(node => node.needs.filter(need => need.name === name))
      const accepts = needs.every(({ declared }) => {
        const spec = parseSpec(name, declared)
        return spec.kind === 'registry' && value !== undefined && inRange(value, spec.range)
      })
      return accepts
        ? [`The override of ${name} for ${owner} has done its work: ${owner} accepts ${value} by itself. Remove it from package.json.`]
        : []
    }),
  )
}
