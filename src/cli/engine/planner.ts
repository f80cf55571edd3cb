/** From a proposal to the plan that people and programs read. */

import { blockerFinder } from '../../ecosystems/npm/blockers.ts'
import { candidates } from '../../ecosystems/npm/candidates.ts'
import { changesOf, newVersionsOf } from '../../ecosystems/npm/changes.ts'
import { heldBelow } from '../../ecosystems/npm/held-below.ts'
import { inventoryOf, targetOfRepository } from '../../ecosystems/npm/inventory.ts'
import { isRaisable, manifestEdits } from '../../ecosystems/npm/manifest-edits.ts'
import { differenceOf } from '../../ecosystems/npm/patch.ts'
import type { Planning, Realised } from '../../ecosystems/npm/planning.ts'
import { compareVersions } from '../../ecosystems/npm/ranges.ts'
import type { NpmWorld } from '../../ecosystems/npm/world-input.ts'
import type { Finding } from '../../model/finding.ts'
import type { ManifestChange, Objective, Plan, PlannedFinding, Price } from '../../model/plan.ts'
import { certificateOf } from '../../plan/certificate.ts'
import { type Proposal, propose } from '../../plan/propose.ts'
import type { PlanRequest } from '../engine.ts'
import { buys, compareFindings, weightIn } from './planned-findings.ts'
import type { Session } from './session.ts'

export interface PlanDraft {
  readonly plan: Plan
  readonly others: readonly Plan[]
  readonly planning: Planning
  readonly proposal: Proposal<NpmWorld, Realised>
  readonly certificate: () => Promise<string>
}

export async function draftPlan(session: Session, request: PlanRequest, priceList = true): Promise<PlanDraft> {
  session.world.progress({ doing: 'Reading the project' })
  const planning = await session.planning(request.only)
  const proposal = await propose(planning, {
    budget: request.budget,
    manifest: request.manifest,
    priceList,
    progress: (round, packages) => session.world.progress({ doing: `Planning, round ${round + 1}, ${packages} packages` }),
  })
  const { chosen, realised } = proposal
  const before = session.findings(inventoryOf(session.repository, planning.tree))
  const after = session.findings(inventoryOf(session.repository, realised.tree))
  const difference = differenceOf(planning.tree, realised.tree)
  const { fixed, shown } = compareFindings(before, after, finding => session.isSelected(finding, request.only))
  const { written } = manifestEdits(session.repository, realised.revisions)
  const changes = changesOf({
    locked: planning.locked,
    after: realised.tree,
    difference,
    fixed,
    young: youngOf(chosen.built, planning),
    coolDownDays: session.policy.coolDown.days,
  })
  const weigh = (finding: Finding) => (session.isSelected(finding, request.only) ? weightIn(session.policy, finding) : 0)
  const level = (name: string) => chosen.solution.levels.find(other => other.name === name)?.optimum ?? 0
  const objective: Objective = {
    riskLeft: after.reduce((sum, finding) => sum + weigh(finding), 0),
    manifestEdits: written.length,
    breakingLines: level('breaking lines'),
    newVersions: newVersionsOf(planning.locked, realised.tree).length,
    entries: difference.set.length + difference.removed.length,
    distance: level('version distance'),
    installScripts: level('install scripts'),
  }
  const plan: Plan = {
    target: targetOfRepository(session.repository),
    changes,
    manifestChanges: written.map(
      (edit): ManifestChange => ({
        file: edit.file,
        kind: edit.kind,
        key: edit.key,
        ...(edit.from === undefined ? {} : { from: edit.from }),
        to: edit.to,
        because:
          edit.kind === 'range'
            ? `the range held ${edit.name} below ${edit.version}`
            : `until ${edit.owner} itself accepts ${edit.name} ${edit.version}`,
      }),
    ),
    objective,
    riskBefore: before.reduce((sum, finding) => sum + weigh(finding), 0),
    findings: outcomes(session, planning, proposal, shown, new Set(fixed.map(({ id }) => id))),
    curve: proposal.curve,
    knee: proposal.knee,
    advisories: { hash: session.database.status.hash, newest: session.database.status.newest },
    notes: [...planning.notes(realised), ...proposal.notes],
  }
  const certificate = async () =>
    `${JSON.stringify(await certificateOf(chosen.built, chosen.reduced, { bounds: proposal.bounds, manifest: request.manifest }, chosen.solution))}\n`
  return { plan, others: [], planning, proposal, certificate }
}

function youngOf(built: NpmWorld, planning: Planning): ReadonlyMap<string, string | undefined> {
  const young = new Map<string, string | undefined>()
  for (const id of built.young) {
    const unit = built.world.units[id]
    if (unit !== undefined) young.set(`${unit.package}@${unit.version}`, planning.factsOf(unit.package, unit.version)?.published)
  }
  return young
}

function outcomes(
  session: Session,
  planning: Planning,
  proposal: Proposal<NpmWorld, Realised>,
  findings: readonly Finding[],
  fixed: ReadonlySet<string>,
): readonly PlannedFinding[] {
  const admissible = admissibleVersions(planning)
  const factsOf: Planning['factsOf'] = (name, version) => planning.factsOf(name, version)
  const blockers = blockerFinder({
    locked: planning.locked,
    admissible,
    factsOf,
    match: session.match,
    isRaisable: (location, need) => isRaisable(session.repository, location, need),
    heldBelow: heldBelow({
      locked: name => planning.locked.versions.get(name) ?? [],
      admissible,
      factsOf,
      packageFacts: name => planning.packageFacts(name),
      rules: planning.rules,
    }),
  })
  return findings.map((finding): PlannedFinding => {
    if (finding.ignored !== undefined) return { finding, outcome: 'ignored', blockers: [] }
    const lockOnly = proposal.prices.get(finding.id)
    const price = lockOnly === undefined ? undefined : { ...lockOnly, manifestEdits: 0 }
    if (fixed.has(finding.id)) return { finding, outcome: 'fixed', ...(price === undefined ? {} : { price }), blockers: [] }
    if (price !== undefined) return { finding, outcome: 'available', price: { ...price, flag: buys(proposal, finding) }, blockers: [] }
    const { hasFix, blockers: found } = blockers(finding)
    const bought = proposal.manifestPrices.get(finding.id)
    const manifestPrice: { price?: Price } =
      bought === undefined || bought.manifestEdits === 0
        ? {}
        : { price: { ...bought, flag: bought.breakingLines > 0 ? '--manifest --budget all' : '--manifest' } }
    return { finding, outcome: hasFix || found.length > 0 ? 'blocked' : 'no-fix', ...manifestPrice, blockers: found }
  })
}

function admissibleVersions(planning: Planning): (name: string) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  return name => {
    let versions = known.get(name)
    if (versions === undefined) {
      const here = planning.locked.versions.get(name) ?? []
      const facts = planning.packageFacts(name)
      const more = facts === undefined ? [] : candidates(facts, here, planning.rules).map(candidate => candidate.facts.version)
      versions = [...here, ...more].sort(compareVersions)
      known.set(name, versions)
    }
    return versions
  }
}
