/** Which installed packages the user asked to bring up to date. */
import { packageKey } from '../package.ts'
import type { ImagePackages } from './image.ts'
import type { PlanningInput } from './world-input.ts'

/**
 * Keys of what `update` names: binary packages, and the binaries of a source package where no binary has that name. `unknown` is what
 * the image does not hold.
 */
export function resolveUpdates(
  image: ImagePackages,
  update: PlanningInput['update'],
): { readonly keys: ReadonlySet<string>; readonly unknown: readonly string[] } {
  if (update === 'all') return { keys: new Set(image.slots.keys()), unknown: [] }
  const items = [...image.slots.values()]
  const keys = new Set<string>()
  const unknown: string[] = []
  for (const name of [...update].sort()) {
    const binaries = items.filter(item => item.name === name || packageKey(item) === name)
    const found = binaries.length > 0 ? binaries : items.filter(({ source }) => source.name === name)
    if (found.length === 0) unknown.push(name)
    for (const item of found) keys.add(packageKey(item))
  }
  return { keys, unknown }
}
