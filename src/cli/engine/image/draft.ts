/** From one platform of an image to its plan, with what carrying it out needs. */

import { blockersOf } from '../../../ecosystems/deb/plan/blockers.ts'
import { changesOf } from '../../../ecosystems/deb/plan/changes.ts'
import type { Move, Realised } from '../../../ecosystems/deb/plan/planning.ts'
import { DebPlanning } from '../../../ecosystems/deb/plan/planning.ts'
import type { DebWorld } from '../../../ecosystems/deb/plan/world-input.ts'
import { Fault } from '../../../model/faults.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Component, Inventory } from '../../../model/inventory.ts'
import type { CurvePoint, Objective, Plan, PlannedFinding } from '../../../model/plan.ts'
import { certificateOf } from '../../../plan/certificate.ts'
import { type Proposal, propose } from '../../../plan/propose.ts'
import type { PlanRequest } from '../../engine.ts'
import { buys, compareFindings, weightIn } from '../planned-findings.ts'
import type { PlatformSession } from './platform-session.ts'

export interface ImageDraft {
  readonly plan: Plan
  readonly moves: readonly Move[]
  /** As the image would be. */
  readonly after: Inventory
  readonly certificate: () => Promise<string>
}

/** `barred`: `name:architecture@version` → why it may not enter, as the end of "it is …". */
export async function draftOf(
  session: PlatformSession,
  request: PlanRequest,
  barred: ReadonlyMap<string, string>,
  priceList = true,
): Promise<ImageDraft> {
  if (session.bare !== undefined) return bareDraft(session, request)
  const { update } = session.request
  const archive = await session.archive()
  const planning = await DebPlanning.open({
    installed: session.database.packages,
    native: session.database.native,
    archive,
    rules: { policy: session.policy, now: session.now, barred, keptOut: archive.keptOut },
    match: session.match,
    weigh: session.weigher(request.only),
    update: update.includes('all') ? 'all' : new Set(update),
    ...(session.ended === undefined ? {} : { ended: session.ended }),
  })
  const proposal = await propose(planning, {
    budget: request.budget,
    manifest: false,
    priceList,
    progress: (round, packages) => session.world.progress({ doing: `Planning, round ${round + 1}, ${packages} packages` }),
  })
  const before = session.findings(session.inventory)
  const inventory = inventoryAfter(session.inventory, proposal.realised, session)
  const after = session.findings(inventory)
  const isSelected = (finding: Finding) => session.isSelected(finding, request.only)
  const { fixed, shown } = compareFindings(before, after, isSelected)
  const sum = weigherOf(session, request.only)
  const foreign = new Map(shown.flatMap(finding => [[finding, session.foreign(finding)] as const]))
  const own = shown.filter(finding => foreign.get(finding) === undefined)
  const planned = new Map(
    outcomes(planning, proposal, own, new Set(fixed.map(({ id }) => id))).map(outcome => [outcome.finding, outcome] as const),
  )
  const beside = shown.filter(finding => foreign.get(finding) !== undefined)
  const plan: Plan = {
    target: session.inventory.target,
    changes: changesOf(planning, proposal.realised, fixed),
    manifestChanges: [],
    objective: objectiveOf(proposal, sum(after)),
    riskBefore: sum(before),
    findings: shown.flatMap(finding => planned.get(finding) ?? foreign.get(finding) ?? []),
    curve: withBeside(proposal.curve, sum(beside), beside.filter(({ ignored }) => ignored === undefined).length),
    knee: proposal.knee,
    advisories: session.advisories,
    ...(session.partial ? ({ partial: true } as const) : {}),
    notes: [...session.notes, ...archive.notes(), ...planning.notes(proposal.realised), ...proposal.notes],
  }
  const { chosen, bounds } = proposal
  const certificate = async () =>
    `${JSON.stringify(await certificateOf(chosen.built, chosen.reduced, { bounds, manifest: false }, chosen.solution))}\n`
  return { plan, moves: proposal.realised.moves, after: inventory, certificate }
}

/** What its findings weigh together, of those that were asked about. */
function weigherOf(session: PlatformSession, only: readonly string[]): (findings: readonly Finding[]) => number {
  const weigh = (finding: Finding) => (session.isSelected(finding, only) ? weightIn(session.policy, finding) : 0)
  return findings => findings.reduce((total, finding) => total + weigh(finding), 0)
}

/** The planner knows the distribution's packages only; what it cannot move is left at every point. */
function withBeside(curve: readonly CurvePoint[], risk: number, findings: number): readonly CurvePoint[] {
  return curve.map(point => ({ ...point, riskLeft: point.riskLeft + risk, findingsLeft: point.findingsLeft + findings }))
}

/** Of an image in which nothing can be patched. */
function bareDraft(session: PlatformSession, { only }: PlanRequest): ImageDraft {
  const findings = session.findings(session.inventory).filter(finding => session.isSelected(finding, only))
  const riskLeft = weigherOf(session, only)(findings)
  const none = { manifestEdits: 0, breakingLines: 0, newVersions: 0, entries: 0, distance: 0, installScripts: 0 }
  const plan: Plan = {
    target: session.inventory.target,
    changes: [],
    manifestChanges: [],
    objective: { riskLeft, ...none },
    riskBefore: riskLeft,
    findings: findings.flatMap(finding => session.foreign(finding) ?? []),
    curve: withBeside(
      [{ newVersions: 0, riskLeft: 0, findingsLeft: 0 }],
      riskLeft,
      findings.filter(({ ignored }) => ignored === undefined).length,
    ),
    knee: 0,
    advisories: session.advisories,
    notes: session.notes,
    partial: true,
  }
  const certificate = async () => {
    throw new Fault('usage', `${session.bare ?? ''} There is no plan to certify.`)
  }
  return { plan, moves: [], after: session.inventory, certificate }
}

function objectiveOf({ chosen, realised }: Proposal<DebWorld, Realised>, riskLeft: number): Objective {
  const level = (name: string) => chosen.solution.levels.find(other => other.name === name)?.optimum ?? 0
  return {
    riskLeft,
    manifestEdits: 0,
    breakingLines: level('breaking lines'),
    newVersions: realised.moves.length,
    entries: realised.moves.length,
    distance: level('version distance'),
    installScripts: 0,
  }
}

/** The same components, those that move at their new versions, and new ones. */
function inventoryAfter(inventory: Inventory, { moves }: Realised, session: PlatformSession): Inventory {
  const moved = new Map(moves.map(({ key, to }) => [key, session.componentOf(to, key)]))
  const kept = inventory.components.map(component => moved.get(component.location) ?? component)
  const known = new Set(inventory.components.map(({ location }) => location))
  const added = [...moved].flatMap(([location, component]): readonly Component[] => (known.has(location) ? [] : [component]))
  return { ...inventory, components: [...kept, ...added] }
}

function outcomes(
  planning: DebPlanning,
  proposal: Proposal<DebWorld, Realised>,
  findings: readonly Finding[],
  fixed: ReadonlySet<string>,
): readonly PlannedFinding[] {
  const blocked = blockersOf(planning)
  return findings.map((finding): PlannedFinding => {
    if (finding.ignored !== undefined) return { finding, outcome: 'ignored', blockers: [] }
    const alone = proposal.prices.get(finding.id)
    const price = alone === undefined ? undefined : { ...alone, manifestEdits: 0 }
    if (fixed.has(finding.id)) return { finding, outcome: 'fixed', ...(price === undefined ? {} : { price }), blockers: [] }
    if (price !== undefined) return { finding, outcome: 'available', price: { ...price, flag: buys(proposal, finding) }, blockers: [] }
    const { hasFix, blockers } = blocked(finding)
    return { finding, outcome: hasFix ? 'blocked' : 'no-fix', blockers }
  })
}
