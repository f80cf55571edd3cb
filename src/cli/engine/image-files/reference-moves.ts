/** Which newer image a reference is to name, or why it stays. Pure. */
import type { ImageUse } from '../../../manifests/image-use.ts'
import { type MovedEnd, movedReference } from '../../../manifests/moved-reference.ts'
import type { Finding } from '../../../model/finding.ts'
import type { NamedImage, NewerBase, PlanResult, ReferenceMove } from '../../engine.ts'

export interface MoveOrReason {
  readonly move?: ReferenceMove
  /** A sentence without its subject and full stop; absent where the image was not looked at, which says why itself. */
  readonly stays?: string
}

export function moveOrReason({ file, use, result }: NamedImage<PlanResult>): MoveOrReason {
  if (result === undefined) return {}
  const { plan, bases } = result
  if (plan.riskBefore === 0) return { stays: 'has nothing to fix' }
  if (bases === undefined || bases.newer.length === 0) return { stays: 'has nothing newer of its line' }
  const sameRelease = bases.newer.filter(({ release }) => release === undefined)
  if (sameRelease.length === 0) return { stays: 'has newer ones of another release of the distribution alone' }
  const [base] = sameRelease.filter(({ riskLeft }) => riskLeft < plan.riskBefore).sort(byRisk)
  if (base === undefined) return { stays: 'has newer ones, which fix nothing' }
  const from = use.reference ?? ''
  const end = movedReference(from, tagOf(base.reference), base.digest)
  const to = end === undefined ? from : from.slice(0, end.from) + end.insert
  const edit = end === undefined ? undefined : editFor(use, from, to, end)
  if (edit === undefined) {
    const what = `${base.reference} would leave ${base.findingsLeft} of its findings`
    return { stays: `is not named literally; ${what}: write that where its tag comes from` }
  }
  const fixes = goneOf(
    plan.findings.map(({ finding }) => finding),
    base.left,
  ).map(({ id }) => id)
  return { move: { file, line: use.line, isService: use.role === 'service', from, to, ...edit, base, fixes } }
}

/** In the reference where it stands, else in the default of the argument that makes its middle. */
function editFor(
  { place, through }: ImageUse,
  from: string,
  to: string,
  end: MovedEnd,
): Pick<ReferenceMove, 'place' | 'removed' | 'insert'> | undefined {
  if (place !== undefined)
    return { place: { start: place.start + end.from, end: place.end }, removed: from.slice(end.from), insert: end.insert }
  if (through === undefined) return undefined
  const { prefix, suffix } = through
  if (!to.startsWith(prefix) || !to.endsWith(suffix) || to.length <= prefix.length + suffix.length) return undefined
  const middle = (text: string) => text.slice(prefix.length, text.length - suffix.length)
  return { place: through.place, removed: middle(from), insert: middle(to) }
}

/** Least risk, then fewest packages moved, then fewest settings that differ. */
function byRisk(a: NewerBase, b: NewerBase): number {
  return a.riskLeft - b.riskLeft || movedIn(a) - movedIn(b) || a.settings.length - b.settings.length
}

function movedIn({ packages }: NewerBase): number {
  return packages.changed + packages.added + packages.removed
}

function tagOf(reference: string): string | undefined {
  const named = reference.split('@', 1)[0] ?? ''
  const colon = named.lastIndexOf(':')
  return colon > named.lastIndexOf('/') ? named.slice(colon + 1) : undefined
}

/** A finding stays where the same flaw is found in the same package, whatever its version. */
function goneOf(before: readonly Finding[], left: readonly Finding[]): readonly Finding[] {
  const stays = new Set(left.map(({ name, group }) => `${name}\0${group}`))
  return before.filter(({ name, group, ignored }) => ignored === undefined && !stays.has(`${name}\0${group}`))
}
