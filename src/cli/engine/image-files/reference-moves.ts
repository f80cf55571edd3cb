/** Which newer image a reference is to name, or why it stays. Pure. */
import { movedReference } from '../../../manifests/moved-reference.ts'
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
  const reference = use.reference ?? ''
  const end = movedReference(reference, tagOf(base.reference), base.digest)
  if (use.place === undefined || end === undefined)
    return {
      stays: `is not named literally; ${base.reference} would leave ${base.findingsLeft} of its findings: write that where its tag comes from`,
    }
  const { start, end: placeEnd } = use.place
  const gone = goneOf(
    plan.findings.map(({ finding }) => finding),
    base.left,
  )
  const move: ReferenceMove = {
    file,
    line: use.line,
    isService: use.role === 'service',
    from: reference,
    to: reference.slice(0, end.from) + end.insert,
    start,
    place: { start: start + end.from, end: placeEnd },
    insert: end.insert,
    base,
    fixes: gone.map(({ id }) => id),
  }
  return { move }
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
