/**
 * A second formulation of the whole question, for judging the planner: which name@versions should be there?
 *
 * Every need (runtime and optional, peers left out) of a chosen version is met by a chosen version in range; the project's ranges
 * hold; no version below the lowest locked one of its package; nobody who stays is served less than the lock served; nothing
 * deprecated or pre-release that is not locked. Minimise risk, then breaking lines gained, then name@versions gained.
 *
 * Packages are read lazily. One that has not been read has, besides its locked versions, a stand-in that meets every range, needs
 * nothing and costs one new version: a relaxation. An optimum that uses no stand-in is an optimum of the whole; otherwise the
 * stand-ins that were used are read, and the question is asked again. Peers are ignored, so the answer is a lower bound.
 */
import { compare, prerelease, satisfies, valid, validRange } from 'semver'
import type { Manifest } from '../../bench/lock-tree.ts'
import { treeOf } from '../../bench/lock-tree.ts'
import { lineOf } from '../../bench/measure.ts'
import type { PackageFacts, VersionFacts } from '../../src/model/catalogue.ts'
import { type Literal, type Problem, solve } from './clingo.ts'
import { type Candidate, dropDominated, type Wanted } from './dominance.ts'
import { type LockedNeed, type LockFacts, lockFacts, overridesOf, target } from './lock-facts.ts'

export interface WorldQuestion {
  readonly lockText: string
  readonly manifest: Manifest
  readonly facts: (name: string) => Promise<PackageFacts | undefined>
  readonly risks: (name: string, version: string) => readonly { readonly group: string; readonly weight: number }[]
  /** More hard rules, such as engines or a cool-down: may this version be introduced? */
  readonly allow?: (name: string, version: VersionFacts) => boolean
  readonly noBreakingLines?: boolean
  readonly atMostNew?: number
}

export interface WorldAnswer {
  readonly riskLeft: number
  readonly breakingLines: number
  readonly newVersions: number
  readonly added: readonly string[]
  /** name@versions that stay, or come, with risk. */
  readonly risky: readonly string[]
  readonly rounds: number
  readonly read: readonly string[]
  readonly notes: readonly string[]
}

const loose = { loose: true }

/** The risk that a unit brings: its own and that of what its archive carries. */
function riskOf(question: WorldQuestion, name: string, version: string, bundles: readonly { name: string; version: string }[]): number {
  return [{ name, version }, ...bundles]
    .flatMap(part => question.risks(part.name, part.version))
    .reduce((sum, risk) => sum + risk.weight, 0)
}

/** The packages through which an open package is reached, and the open ones themselves. */
function cone(lock: LockFacts, open: ReadonlySet<string>): Set<string> {
  const inside = new Set(open)
  for (let grew = true; grew; ) {
    grew = false
    for (const unit of lock.units.values()) {
      if (inside.has(unit.name) || !unit.needs.some(need => inside.has(need.package))) continue
      inside.add(unit.name)
      grew = true
    }
  }
  return inside
}

function needsOf(facts: VersionFacts): { readonly package: string; readonly range: string }[] {
  const bundled = facts.bundled === true ? Object.keys(facts.dependencies ?? {}) : (facts.bundled ?? [])
  return Object.entries({ ...facts.dependencies, ...facts.optionalDependencies })
    .filter(([name]) => !bundled.includes(name))
    .map(([name, range]) => target(name, range))
}

class Round {
  readonly problem = {
    variables: 0,
    clauses: [] as Literal[][],
    risk: [] as [Literal, number][],
    lines: [] as [Literal, number][],
    fresh: [] as [Literal, number][],
  }
  readonly unit = new Map<string, number>()
  readonly standIn = new Map<string, number>()
  private readonly line = new Map<string, number>()

  /** The units of a model that carry risk. */
  risky(model: ReadonlySet<number>): string[] {
    const weighed = new Set(this.problem.risk.map(([literal]) => literal))
    return [...this.unit].filter(([, variable]) => weighed.has(variable) && model.has(variable)).map(([id]) => id)
  }

  variable(): number {
    return ++this.problem.variables
  }

  clause(...literals: Literal[]): void {
    this.problem.clauses.push(literals)
  }

  lineOf(key: string): number {
    const known = this.line.get(key)
    if (known !== undefined) return known
    const made = this.variable()
    this.line.set(key, made)
    this.problem.lines.push([made, 1])
    return made
  }

  standInOf(name: string): number {
    const known = this.standIn.get(name)
    if (known !== undefined) return known
    const made = this.variable()
    this.standIn.set(name, made)
    this.problem.fresh.push([made, 1])
    return made
  }
}

/** What may be chosen of one package in this round, and what each of it needs. */
function candidatesOf(question: WorldQuestion, lock: LockFacts, name: string, facts: PackageFacts | undefined): Candidate[] {
  const locked = [...lock.units.values()].filter(unit => unit.name === name)
  const held = lock.versions.get(name) ?? []
  const lowest = [...held].sort(compare)[0]
  const kept = locked.map(
    (unit): Candidate => ({
      name,
      version: unit.version,
      locked: true,
      risk: riskOf(question, name, unit.version, unit.bundles),
      line: undefined,
      fresh: false,
      needs: unit.needs.map((need): Wanted => ({ package: need.package, range: need.range, floor: need.floor, also: need.resolved })),
    }),
  )
  const offered = (facts?.versions ?? []).filter(
    version =>
      valid(version.version) !== null &&
      !locked.some(unit => unit.version === version.version) &&
      version.deprecated !== true &&
      prerelease(version.version) === null &&
      (lowest === undefined || compare(version.version, lowest) >= 0) &&
      (question.allow?.(name, version) ?? true),
  )
  const lines = new Set(held.map(lineOf))
  return [
    ...kept,
    ...offered.map(
      (version): Candidate => ({
        name,
        version: version.version,
        locked: false,
        risk: riskOf(question, name, version.version, []),
        line: held.length > 0 && !lines.has(lineOf(version.version)) ? `${name} ${lineOf(version.version)}` : undefined,
        fresh: !held.includes(version.version),
        needs: needsOf(version).map((need): Wanted => ({ ...need, floor: undefined, also: [] })),
      }),
    ),
  ]
}

export async function solveWorld(question: WorldQuestion): Promise<WorldAnswer> {
  const tree = treeOf(question.lockText, question.manifest)
  const { apply, notes } = overridesOf(tree)
  const read = new Map<string, PackageFacts | undefined>()
  const load = async (names: Iterable<string>): Promise<void> => {
    for (const name of names) if (!read.has(name)) read.set(name, await question.facts(name))
  }
  let lock = lockFacts(tree, apply)
  const open = new Set(
    [...lock.units.values()].filter(unit => riskOf(question, unit.name, unit.version, unit.bundles) > 0).map(unit => unit.name),
  )
  for (let rounds = 1; ; rounds++) {
    await load(open)
    if (tree.lockfileVersion === 1) {
      // Version 1 often holds exact versions in `requires`: the true ranges are in the registry.
      await load([...lock.units.values()].filter(unit => unit.needs.some(need => open.has(need.package))).map(unit => unit.name))
      lock = lockFacts(tree, apply, node => {
        const facts = read.get(node.name)?.versions.find(version => version.version === node.version)
        return facts === undefined ? undefined : { ...facts.dependencies, ...facts.optionalDependencies }
      })
    }
    const { round, problem } = encode(question, lock, open, read, apply)
    const optimum = await solve(problem)
    if (optimum === undefined) throw new Error('the lock itself does not keep the rules')
    const used = [...round.standIn].filter(([, variable]) => optimum.model.has(variable)).map(([name]) => name)
    if (used.length === 0) {
      const added = [...round.unit].filter(([id, variable]) => optimum.model.has(variable) && !lock.units.has(id)).map(([id]) => id)
      const [riskLeft = 0, breakingLines = 0, newVersions = 0] = optimum.costs
      return {
        riskLeft,
        breakingLines,
        newVersions,
        added: added.sort(),
        risky: round.risky(optimum.model).sort(),
        rounds,
        read: [...read.keys()].sort(),
        notes,
      }
    }
    for (const name of used) open.add(name)
  }
}

function encode(
  question: WorldQuestion,
  lock: LockFacts,
  open: ReadonlySet<string>,
  read: ReadonlyMap<string, PackageFacts | undefined>,
  override: (consumer: string, name: string, range: string) => string,
): { readonly round: Round; readonly problem: Problem } {
  const inside = cone(lock, open)
  const round = new Round()
  const heldOf = (name: string): readonly string[] => lock.versions.get(name) ?? []
  const all = new Map([...inside].map(name => [name, candidatesOf(question, lock, name, open.has(name) ? read.get(name) : undefined)]))
  const matters = (wanted: Wanted): boolean =>
    inside.has(wanted.package) ||
    !heldOf(wanted.package).some(version => lock.units.has(`${wanted.package}@${version}`) && admits(wanted, version))
  const prepared = [...all.values()].flat().map(
    (candidate): Candidate => ({
      ...candidate,
      needs: candidate.needs
        .map(need => (candidate.locked ? need : { ...need, range: override(candidate.name, need.package, need.range) }))
        .filter(matters),
    }),
  )
  const fixed = lock.fixed.map(wantedOf).filter(matters)
  const candidates = dropDominated(prepared, fixed, open, admits)
  for (const candidate of candidates) {
    const variable = round.variable()
    round.unit.set(`${candidate.name}@${candidate.version}`, variable)
    if (candidate.risk > 0) round.problem.risk.push([variable, candidate.risk])
    if (candidate.fresh) round.problem.fresh.push([variable, 1])
    if (candidate.line !== undefined) round.clause(-variable, round.lineOf(candidate.line))
  }
  const byPackage = Map.groupBy(candidates, candidate => candidate.name)
  const choices = new Map<string, number>()
  const anyOf = (wanted: Wanted): Literal[] => {
    const served = (byPackage.get(wanted.package) ?? []).filter(candidate => admits(wanted, candidate.version))
    const literals = served.map(candidate => round.unit.get(`${candidate.name}@${candidate.version}`) ?? 0)
    return open.has(wanted.package) ? literals : [...literals, round.standInOf(wanted.package)]
  }
  const choiceOf = (wanted: Wanted): number => {
    const key = JSON.stringify([wanted.package, wanted.range, wanted.floor, wanted.also])
    const known = choices.get(key)
    if (known !== undefined) return known
    const made = round.variable()
    choices.set(key, made)
    round.clause(-made, ...anyOf(wanted))
    return made
  }
  for (const wanted of fixed) round.clause(...anyOf(wanted))
  for (const candidate of candidates) {
    const variable = round.unit.get(`${candidate.name}@${candidate.version}`) ?? 0
    for (const wanted of candidate.needs) round.clause(-variable, choiceOf(wanted))
  }
  const { variables, clauses, risk, lines, fresh } = round.problem
  const limits = [
    ...(question.noBreakingLines === true ? [{ literals: lines.map(([literal]) => literal), atMost: 0 }] : []),
    ...(question.atMostNew === undefined ? [] : [{ literals: fresh.map(([literal]) => literal), atMost: question.atMostNew }]),
  ]
  return { round, problem: { variables, clauses, levels: [risk, lines, fresh], limits } }
}

const wantedOf = (need: LockedNeed): Wanted => ({ package: need.package, range: need.range, floor: need.floor, also: need.resolved })

/** In range and not below what it had; a version that the lock itself resolved to, in range or not, where it is the highest. */
function admits(wanted: Wanted, version: string): boolean {
  if (wanted.floor !== undefined && compare(version, wanted.floor) < 0) return false
  if (wanted.also.includes(version)) return true
  return validRange(wanted.range, loose) !== null && satisfies(version, wanted.range, loose)
}
