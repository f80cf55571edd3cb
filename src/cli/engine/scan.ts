import { buildTree } from '../../ecosystems/npm/build-tree.ts'
import { expiredOverrides } from '../../ecosystems/npm/expired-overrides.ts'
import { ECOSYSTEM, inventoryOf, pathTo, shortestWays, targetOfRepository } from '../../ecosystems/npm/inventory.ts'
import { readLocked } from '../../ecosystems/npm/locked.ts'
import { resolve, type Tree } from '../../ecosystems/npm/tree.ts'
import { Fault } from '../../model/faults.ts'
import type { EngineWorld, PlanRequest, ScanReport, ScanRequest, Story } from '../engine.ts'
import { draftPlan } from './planner.ts'
import { Session } from './session.ts'

export async function scan(world: EngineWorld, request: ScanRequest): Promise<ScanReport> {
  const session = new Session(world, request)
  const { lock, manifest } = session.repository
  const tree = buildTree(lock, manifest)
  const inventory = inventoryOf(session.repository, tree)
  const findings = session.findings(inventory)
  const ways = shortestWays(tree)
  const paths = Object.fromEntries(findings.map(finding => [finding.id, pathTo(tree, ways, finding.locations[0] ?? '')]))
  const report = {
    target: targetOfRepository(session.repository),
    files: session.repository.files.map(({ path }) => path),
    components: inventory.components.filter(({ origin }) => origin !== 'root').length,
    findings,
    paths,
    advisories: session.database.status,
    notes: [...uncheckedNotes(session), ...notesOf(session, tree)],
    ...(holdsOwn(session) ? {} : ({ partial: true } as const)),
  }
  if (findings.length === 0) return { ...report, planned: [] }
  const { plan } = await planOf(session, request)
  if (plan === undefined) return report
  const planned = findings.flatMap(finding => plan.findings.filter(other => other.finding.id === finding.id))
  return { ...report, planned, notes: [...report.notes, ...plan.notes] }
}

/** Offline, what is not cached is no fault of a scan: the findings stand without their prices. */
async function planOf(session: Session, request: ScanRequest) {
  try {
    return { plan: (await draftPlan(session, { ...request, only: [], budget: 'default', manifest: false })).plan }
  } catch (fault) {
    if (request.offline && fault instanceof Fault && fault.code.startsWith('registry-')) return { plan: undefined }
    throw fault
  }
}

/** Without advisories of the ecosystem nobody looked, which is not the same as clean. */
function holdsOwn({ database }: Session): boolean {
  return database.status.ecosystems.includes(ECOSYSTEM)
}

function uncheckedNotes(session: Session): readonly string[] {
  if (holdsOwn(session)) return []
  return [`No advisories for ${ECOSYSTEM} are at hand, so nothing was checked (suture db update --ecosystem ${ECOSYSTEM} fetches them).`]
}

function notesOf({ repository: { lock, manifest } }: Session, tree: Tree): readonly string[] {
  const root = lock.entries.get('')
  const expired = manifest === undefined ? [] : expiredOverrides(readLocked(tree), manifest.overrides)
  if (lock.version === 1 || manifest === undefined || root === undefined) return expired
  const differs = (['dependencies', 'devDependencies', 'optionalDependencies'] as const).some(section =>
    [...manifest[section]].some(([name, range]) => root[section].get(name) !== range),
  )
  const disagreement = `${lock.file} and package.json disagree about what the project asks for; npm ci will refuse them until npm install was run.`
  return differs ? [disagreement, ...expired] : expired
}

const MAX_PATHS = 5

export async function explain(world: EngineWorld, request: PlanRequest, subject: string): Promise<Story> {
  const session = new Session(world, request)
  const { plan, planning } = await draftPlan(session, { ...request, only: [] })
  const inventory = inventoryOf(session.repository, planning.tree)
  const group = session.database.group(subject)
  const about = plan.findings.filter(({ finding }) => finding.name === subject || finding.group === group || finding.ids.includes(subject))
  const isPackage = inventory.components.some(({ name, origin }) => name === subject && origin !== 'root')
  if (about.length === 0 && !isPackage) throw new Fault('not-found', `Nothing here is called ${subject}, and no finding is about it.`)
  const names = new Set([...(isPackage ? [subject] : []), ...about.map(({ finding }) => `${finding.name}@${finding.version}`)])
  const ways = shortestWays(planning.tree)
  const components = inventory.components.filter(({ name, version }) => names.has(name) || names.has(`${name}@${version}`))
  const ids = new Set(about.map(({ finding }) => finding.id))
  const first = about[0]?.finding
  return {
    subject,
    kind: isPackage ? 'package' : 'advisory',
    target: plan.target,
    ...(isPackage || first === undefined ? {} : { advisory: advisoryOf(session, first) }),
    components: components.slice(0, 50).map(component => ({ component, paths: pathsTo(planning.tree, ways, component.location) })),
    findings: about,
    changes: plan.changes.filter(change => change.name === subject || change.fixes.some(id => ids.has(id))),
  }
}

function advisoryOf(
  session: Session,
  finding: { group: string; ids: readonly string[]; severity: import('../../model/severity.ts').Severity; score?: number },
) {
  const detail = finding.ids.map(id => session.database.detail(id)).find(found => found !== undefined)
  return {
    ids: finding.ids,
    severity: finding.severity,
    ...(finding.score === undefined ? {} : { score: finding.score }),
    ...(detail === undefined ? {} : { detail }),
  }
}

/** One path for each consumer of a location, shortest first. */
function pathsTo(tree: Parameters<typeof pathTo>[0], ways: ReadonlyMap<string, string>, location: string): readonly (readonly string[])[] {
  const node = tree.get(location)
  const own = node === undefined ? location : `${node.packageName}@${node.version}`
  const consumers = [...inEdges(tree, location)].map(from => [...pathTo(tree, ways, from), own])
  return consumers.sort((a, b) => a.length - b.length).slice(0, MAX_PATHS)
}

function* inEdges(tree: Parameters<typeof pathTo>[0], location: string): Generator<string> {
  const name = location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length)
  for (const node of tree.values()) {
    if (node.needs.some(need => need.name === name) && resolve(tree, node.location, name) === location) yield node.location
  }
}
