/**
 * Findings in what a language's tool put into an image. No package of the distribution mends them, and Suture runs no build, so they stay;
 * the plan names the layer that brought each, and where it has to be fixed.
 */
import type { AdvisoryMatch } from '../../../model/advisory.ts'
import type { Finding } from '../../../model/finding.ts'
import type { OpenImage } from '../../../model/image.ts'
import type { Component } from '../../../model/inventory.ts'
import type { Blocker, PlannedFinding } from '../../../model/plan.ts'
import { printable } from '../../../text/printable.ts'
import type { VersionScheme } from '../../../versions/scheme.ts'

/** Length of a layer's command in a sentence. */
const LONGEST_COMMAND = 60

/** `layer 3 (RUN npm ci)`. */
export function layerName(image: OpenImage, layer: number): string {
  const command = commandOf(image.layers[layer]?.createdBy ?? '')
  return `${layerNumber(layer)}${command === '' ? '' : ` (${command})`}`
}

const layerNumber = (layer: number): string => `layer ${layer + 1}`

/** Without the words that builders put around what the Dockerfile says. */
function commandOf(createdBy: string): string {
  const said = printable(createdBy)
    .replace(/^(RUN )?(?:\|\d+ (?:\S+=\S* )*)?\/bin\/sh -c (?:#\(nop\) *)?/, '$1')
    .replace(/ # buildkit$/, '')
    .trim()
  return said.length > LONGEST_COMMAND ? `${said.slice(0, LONGEST_COMMAND - 1)}…` : said
}

/** How each ecosystem's packages come into an image, and what has to be done where the layer is built. */
const WAYS: Readonly<Record<string, readonly [came: string, remedy: string]>> = {
  npm: ['npm, pnpm or yarn installed it', 'run suture fix in the repository whose lock it is, and build the layer again'],
  PyPI: ['pip or another Python installer put it there', 'raise it in the requirements that the layer is built from'],
  Maven: ['a Java archive holds it', 'raise it in the build of that archive'],
  Go: ['a Go program was built with it', 'raise it in the program’s go.mod (stdlib: build with a newer Go), and build the layer again'],
  'crates.io': ['a Rust program was built with it', 'raise it in the program’s Cargo.lock, and build the layer again'],
}

/** What advisories name as fixed: for this flaw, and for everything that is known against the same version, where they name that. */
export interface NamedFix {
  readonly fixed: string
  readonly clean?: string
}

const MOST_STEPS = 20

/** `match`: what is known against a version. Only versions that the ecosystem's order understands are called clean. */
export function namedFix(
  fixed: string | undefined,
  version: string,
  match: (version: string) => readonly AdvisoryMatch[],
  scheme: VersionScheme | undefined,
): NamedFix | undefined {
  if (fixed === undefined) return undefined
  let clean = version
  for (let steps = 0; steps < MOST_STEPS && scheme?.valid(clean) === true; steps++) {
    const against = match(clean)
    if (against.length === 0) return { fixed, clean }
    const next = against.flatMap(other => other.fixed ?? []).reduce((most, other) => (isHigher(scheme, other, most) ? other : most), clean)
    if (next === clean) break
    clean = next
  }
  return { fixed }
}

function isHigher(scheme: VersionScheme, a: string, b: string): boolean {
  const [x, y] = [scheme.bound(a), scheme.bound(b)]
  return x !== undefined && y !== undefined && scheme.compare(x, y) > 0
}

/** `fix`: where an advisory names one. */
export function foreignFinding(
  finding: Finding,
  ecosystem: string,
  components: readonly Component[],
  fix: NamedFix | undefined,
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
  const blockers = [...byLayer].sort(([a], [b]) => a - b).map(([layer, places]) => blockerOf(finding, ecosystem, image, layer, places, fix))
  return { finding, outcome: fix === undefined ? 'no-fix' : 'blocked', blockers }
}

function blockerOf(
  { name, version }: Finding,
  ecosystem: string,
  image: OpenImage,
  layer: number,
  [first, ...others]: readonly Component[],
  fix: NamedFix | undefined,
): Blocker {
  const [came, how] = WAYS[ecosystem] ?? ['an installer put it there', 'raise it there']
  const location = first?.location ?? ''
  const places = others.length === 0 ? '' : `, in ${others.length + 1} places`
  const next =
    fix === undefined
      ? 'No advisory names a version that is free of it: wait for one, or ignore the finding with a reason.'
      : `${namedText(fix)} Fix it where that layer is built: ${how}.`
  return {
    owner: layerName(image, layer),
    ownerLocation: location,
    declares: name,
    range: version,
    brings: true,
    path: [layerNumber(layer), printable(location)],
    remedy: `No package of the distribution has it; ${came}, and ${layerNumber(layer)} brought it${places}. ${next}`,
  }
}

/** One layer's rows stand for several flaws: the version that ends all of them is what its builder wants to know. */
function namedText({ fixed, clean }: NamedFix): string {
  if (clean === undefined) return `An advisory names ${fixed} as fixed, and others against it name nothing.`
  return clean === fixed ? `An advisory names ${fixed} as fixed.` : `Advisories name ${clean} as free of all that is known against it.`
}
