/** scan, plan and explain for container images. Each platform is a target of its own; the first one speaks for the whole. */
import { Fault } from '../../../model/faults.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Component } from '../../../model/inventory.ts'
import type { Plan } from '../../../model/plan.ts'
import type { EngineWorld, ImageRequest, PlanRequest, PlanResult, ScanReport, ScanRequest, Story } from '../../engine.ts'
import { checkAsked } from './asked.ts'
import { draftOf } from './draft.ts'
import { layerName } from './foreign-findings.ts'
import { basePrices } from './newer-base.ts'
import type { PlatformSession } from './platform-session.ts'
import { settle } from './settle.ts'
import { openTarget } from './target.ts'

export type OfImage<T> = T & { readonly image: ImageRequest }

export async function scanImage(world: EngineWorld, request: OfImage<ScanRequest>): Promise<ScanReport> {
  const target = await openTarget(world, request, 'streams')
  try {
    const reports: ScanReport[] = []
    for (const session of target.platforms) reports.push(await reportOf(session, request))
    const [first, ...others] = reports
    if (first === undefined) throw new Fault('internal', 'No platform was scanned.')
    return { ...first, notes: [...target.notes, ...first.notes], ...(others.length === 0 ? {} : { others }) }
  } finally {
    await target.close()
  }
}

async function reportOf(session: PlatformSession, request: OfImage<ScanRequest>): Promise<ScanReport> {
  const { inventory } = session
  const findings = session.findings(inventory)
  const layers = new Map(inventory.components.flatMap(({ location, layer }) => (layer === undefined ? [] : [[location, layer] as const])))
  const report = {
    target: inventory.target,
    files: inventory.files.map(({ path }) => path),
    components: inventory.components.length,
    findings,
    paths: Object.fromEntries(findings.map(finding => [finding.id, wayTo(session, finding, layers)])),
    advisories: session.status,
    notes: session.notes,
    ...(session.partial ? ({ partial: true } as const) : {}),
  }
  if (findings.length === 0) return { ...report, planned: [] }
  const plan = await planWithinReach(session, request)
  if (plan instanceof Fault)
    return {
      ...report,
      notes: [
        ...report.notes,
        `What can be fixed is not known, because the package archive cannot be asked. ${plan.message.replace(/\.?$/, '.')} ${plan.hint}`,
      ],
    }
  const planned = findings.flatMap(finding => plan.findings.filter(other => other.finding.id === finding.id))
  return { ...report, planned, notes: plan.notes }
}

/** A scan stands without prices where the package archive cannot be asked. */
async function planWithinReach(session: PlatformSession, request: OfImage<ScanRequest>): Promise<Plan | Fault> {
  try {
    return (await draftOf(session, { ...request, only: [], budget: 'default', manifest: false }, new Map())).plan
  } catch (fault) {
    if (fault instanceof Fault && fault.code.startsWith('apt-')) return fault
    throw fault
  }
}

/** Which layer brought it, and the binary packages that stand for the source, or the files that hold it. */
function wayTo({ image }: PlatformSession, { locations }: Finding, layers: ReadonlyMap<string, number>): readonly string[] {
  const layer = layers.get(locations[0] ?? '')
  return [...(layer === undefined ? [] : [layerName(image, layer)]), locations.join(', ')]
}

export async function planImage(world: EngineWorld, request: OfImage<PlanRequest>): Promise<PlanResult> {
  const target = await openTarget(world, request, 'files')
  try {
    checkAsked(target.platforms, request.only, request.image.update)
    const all = []
    for (const session of target.platforms) all.push(await settle(session, request, true))
    const [first, ...others] = all
    const [session] = target.platforms
    if (first === undefined || session === undefined) throw new Fault('internal', 'No platform was planned for.')
    const { draft } = first
    const plan = { ...draft.plan, notes: [...target.notes, ...draft.plan.notes] }
    const bases = await basePrices(world, request, target, session, first)
    return {
      plan,
      others: others.map(other => other.draft.plan),
      certificate: draft.certificate,
      ...(bases === undefined ? {} : { bases }),
    }
  } finally {
    await target.close()
  }
}

export async function explainImage(world: EngineWorld, request: OfImage<PlanRequest>, subject: string): Promise<Story> {
  const target = await openTarget(world, request, 'streams')
  try {
    checkAsked(target.platforms, [], request.image.update)
    const [session] = target.platforms
    if (session === undefined) throw new Fault('internal', 'No platform was opened.')
    const { plan } = await draftOf(session, { ...request, only: [] }, new Map())
    return storyOf(session, plan, subject)
  } finally {
    await target.close()
  }
}

const MOST_COMPONENTS = 50

function storyOf(session: PlatformSession, plan: Plan, subject: string): Story {
  const { components } = session.inventory
  const named = components.filter(({ name, location, subject: source }) => [name, location, source?.name].includes(subject))
  // What a package of the distribution brought has the findings of that package.
  const owners = new Set(named.flatMap(({ bundledBy }) => bundledBy ?? []))
  const about = plan.findings.filter(
    ({ finding }) => session.isSelected(finding, [subject]) || finding.locations.some(location => owners.has(location)),
  )
  if (about.length === 0 && named.length === 0)
    throw new Fault('not-found', `Nothing here is called ${subject}, and no finding is about it.`)
  const places = new Set(about.flatMap(({ finding }) => finding.locations))
  const shown = components.filter(component => named.includes(component) || places.has(component.location))
  const ids = new Set(about.map(({ finding }) => finding.id))
  const [first] = about
  return {
    subject,
    kind: named.length > 0 ? 'package' : 'advisory',
    target: plan.target,
    ...(named.length > 0 || first === undefined ? {} : { advisory: session.advisoryOf(first.finding) }),
    components: shown.slice(0, MOST_COMPONENTS).map(component => ({ component, paths: [wayDownTo(session, component)] })),
    findings: about,
    changes: plan.changes.filter(change => change.name === subject || change.fixes.some(id => ids.has(id))),
  }
}

function wayDownTo(session: PlatformSession, { location, bundledBy }: Component): readonly string[] {
  return bundledBy === undefined ? needersOf(session, location) : [...needersOf(session, bundledBy), location]
}

/** What needs it, nearest first, up to something that nothing needs. */
function needersOf(session: PlatformSession, location: string): readonly string[] {
  const way = [location]
  const { dependencies } = session.inventory
  for (let at = location; way.length < 12; ) {
    const next = dependencies.find(({ to, from }) => to === at && !way.includes(from))?.from
    if (next === undefined) break
    way.unshift(next)
    at = next
  }
  return way
}
