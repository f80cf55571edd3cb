/**
 * Findings in what a language's tool put into an image. No package of the distribution mends them, and Suture runs no build, so they stay;
 * the plan names the layer that brought each, and where it has to be fixed.
 */
import type { Finding } from '../../../model/finding.ts'
import type { OpenImage } from '../../../model/image.ts'
import type { Component } from '../../../model/inventory.ts'
import type { Blocker, PlannedFinding } from '../../../model/plan.ts'
import { printable } from '../../../text/printable.ts'

/** Length of a layer's command in a sentence. */
const LONGEST_COMMAND = 60

/** `layer 3 (RUN npm ci)`. */
export function layerName(image: OpenImage, layer: number): string {
  const createdBy = image.layers[layer]?.createdBy
  return `layer ${layer + 1}${createdBy === undefined ? '' : ` (${printable(createdBy).slice(0, LONGEST_COMMAND)})`}`
}

/** How each ecosystem's packages come into an image, and what has to be done where the layer is built. */
const WAYS: Readonly<Record<string, readonly [came: string, remedy: string]>> = {
  npm: ['npm, pnpm or yarn installed it', 'run suture fix in the repository whose lock it is, and build the layer again'],
  PyPI: ['pip or another Python installer put it there', 'raise it in the requirements that the layer is built from'],
  Maven: ['a Java archive holds it', 'raise it in the build of that archive'],
  Go: ['a Go program was built with it', 'raise it in the program’s go.mod (stdlib: build with a newer Go), and build the layer again'],
  'crates.io': ['a Rust program was built with it', 'raise it in the program’s Cargo.lock, and build the layer again'],
}

/** `fixed`: the version that an advisory names, where one does. */
export function foreignFinding(
  finding: Finding,
  ecosystem: string,
  components: readonly Component[],
  fixed: string | undefined,
  image: OpenImage,
): PlannedFinding {
  if (finding.ignored !== undefined) return { finding, outcome: 'ignored', blockers: [] }
  const byLayer = new Map<number, Component[]>()
  for (const component of components) {
    const layer = component.layer ?? 0
    const known = byLayer.get(layer)
    if (known === undefined) byLayer.set(layer, [component])
    else known.push(component)
  }
  const blockers = [...byLayer]
    .sort(([a], [b]) => a - b)
    .map(([layer, places]) => blockerOf(finding, ecosystem, layerName(image, layer), places, fixed))
  return { finding, outcome: fixed === undefined ? 'no-fix' : 'blocked', blockers }
}

function blockerOf(
  { name, version }: Finding,
  ecosystem: string,
  layer: string,
  [first, ...others]: readonly Component[],
  fixed: string | undefined,
): Blocker {
  const [came, how] = WAYS[ecosystem] ?? ['an installer put it there', 'raise it there']
  const location = first?.location ?? ''
  const places = others.length === 0 ? '' : `, in ${others.length + 1} places`
  const next =
    fixed === undefined
      ? 'No advisory names a version that is free of it: wait for one, or ignore the finding with a reason.'
      : `An advisory names ${fixed} as fixed. Fix it where that layer is built: ${how}.`
  return {
    owner: layer,
    ownerLocation: location,
    declares: name,
    range: version,
    brings: true,
    path: [layer, printable(location)],
    remedy: `No package of the distribution has it; ${came}, and ${layer} brought it${places}. ${next}`,
  }
}
