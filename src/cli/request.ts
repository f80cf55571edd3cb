/** From flags to what the engine is asked. */
import { basename, join } from 'node:path'
import { Fault } from '../model/faults.ts'
import type { Finding } from '../model/finding.ts'
import type { PlannedFinding } from '../model/plan.ts'
import type { Policy } from '../model/policy.ts'
import { SEVERITIES } from '../model/severity.ts'
import type { ImageRequest, PlanRequest, ScanRequest } from './engine.ts'
import type { ChangeFlags, FixFlags, PlanFlags, ScanFlags } from './flags.ts'
import type { Job } from './shell.ts'

/** The target is an image where it is written as one, else a folder; `suture.yaml` of an image is the one where the command runs. */
export async function scanRequest(job: Job, flags: ScanFlags & Partial<ChangeFlags>, target: string | undefined): Promise<ScanRequest> {
  if (flags.buildArg !== undefined) throw new Fault('usage', '--build-arg is for scan, plan and fix of a Dockerfile or compose file.')
  if (target !== undefined && (await namesImage(job, target))) return imageRequest(job, flags, target)
  if ((await imageFileOf(job, target)) !== undefined)
    throw new Fault('usage', `${target} names images: scan, plan and fix take it.`, { hint: 'Then name one of its images.' })
  if (target !== undefined) await refuseUnlike(job, target)
  return { ...(await commonRequest(job, flags, job.path(target))), ...refuseImageFlags(flags) }
}

/** What is no folder of a project, but may be meant as an image: then the hint says how that is written. */
async function refuseUnlike(job: Job, target: string): Promise<void> {
  const refuse = (what: string, hint: string) => {
    throw new Fault('target-not-found', `${target} ${what}.`, { hint })
  }
  const { manifestKind } = await import('../manifests/manifest-kind.ts')
  if (manifestKind(basename(target)) !== undefined && !(await job.exists(target)))
    refuse('is not there', 'Check the path of the Dockerfile or compose file.')
  if (await job.isFile(join(target, 'oci-layout')))
    refuse('is an OCI layout, an image', `Write oci:${target}, with :<tag> where it holds several.`)
  if (await job.isFile(target)) {
    const isArchive = /\.(tar|tgz|tar\.(gz|zst|xz))$/i.test(target)
    const asArchive = `Write docker-archive:${target} for what docker save wrote, or oci-archive:${target} for an OCI layout in a tar file.`
    refuse('is a file', isArchive ? asArchive : 'Name the folder that holds package-lock.json or npm-shrinkwrap.json.')
  }
}

/** For an image of this reference. */
export async function imageRequest(
  job: Job,
  flags: ScanFlags & Partial<PlanFlags>,
  reference: string,
): Promise<ScanRequest & { readonly image: ImageRequest }> {
  if (flags.manifest === true) throw new Fault('usage', '--manifest changes package.json; an image has none.')
  const { platform = [], source = [], update = [], allowScript = [], insecure = false, buildArg } = flags
  const rest = {
    ...(buildArg === undefined ? {} : { buildArguments: buildArg }),
    ...(flags.noNewerBase === true ? { noNewerBase: true } : {}),
  }
  const image = { reference, platforms: platform, sources: source, update, allowScripts: allowScript, insecure, ...rest }
  return { ...(await commonRequest(job, flags, job.path())), image }
}

async function commonRequest(job: Job, flags: ScanFlags & Partial<ChangeFlags>, folder: string) {
  const common = { folder, policy: await job.policy(folder, flags), offline: flags.offline === true }
  return flags.advisories === undefined ? common : { ...common, advisories: job.path(flags.advisories) }
}

/** The path of a Dockerfile or compose file, where the target is one by its name. */
export async function imageFileOf(job: Job, target: string | undefined): Promise<string | undefined> {
  if (target === undefined) return undefined
  const { manifestKind } = await import('../manifests/manifest-kind.ts')
  return manifestKind(basename(target)) !== undefined && (await job.isFile(target)) ? target : undefined
}

/** A folder or file of that name is what is meant, unless the name says what kind of image it is. */
async function namesImage(job: Job, target: string): Promise<boolean> {
  const { isImageReference, saysItsKind } = await import('../images/reference.ts')
  if (saysItsKind(target)) return true
  return isImageReference(target) && !(await job.exists(target))
}

const IMAGE_FLAGS = ['platform', 'source', 'update', 'allowScript', 'insecure', 'output', 'attach', 'noNewerBase'] as const

function refuseImageFlags(flags: Partial<FixFlags & PlanFlags>): Record<never, never> {
  const given = IMAGE_FLAGS.find(name => flags[name] !== undefined)
  if (given === undefined) return {}
  const written = given.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
  throw new Fault('usage', `--${written} is for container images.`, {
    hint: 'Name an image: oci:<folder>, docker-archive:<file>, registry/repository:tag.',
  })
}

export async function planRequest(job: Job, flags: ChangeFlags, target: string | undefined): Promise<PlanRequest> {
  const { only = [], budget = 'default', manifest = false } = flags
  return { ...(await scanRequest(job, flags, target)), only, budget, manifest }
}

/** A finding counts when it is not ignored and its severity reaches the threshold; one without a score always does. */
export function counts(finding: Finding, policy: Policy): boolean {
  if (finding.ignored) return false
  return finding.severity === 'unscored' || SEVERITIES.indexOf(finding.severity) <= SEVERITIES.indexOf(policy.threshold)
}

/** Exit code after a plan or fix: 1 when findings that count stay open. */
export function exitFor(findings: readonly PlannedFinding[], policy: Policy): 0 | 1 {
  return findings.some(item => item.outcome !== 'fixed' && counts(item.finding, policy)) ? 1 : 0
}

/** The words that repeat a request on another verb, for what to type next. */
export function repeatFlags(flags: ChangeFlags): string {
  const {
    only = [],
    budget = 'default',
    manifest,
    advisories,
    platform = [],
    source = [],
    update = [],
    allowScript = [],
    buildArg = [],
    insecure,
  } = flags
  const each = (flag: string, values: readonly string[]) => values.flatMap(value => [flag, value])
  const words = [...each('--only', only), ...each('--update', update), ...each('--allow-script', allowScript)]
  words.push(...each('--platform', platform), ...each('--source', source), ...each('--build-arg', buildArg))
  if (insecure === true) words.push('--insecure')
  if (budget !== 'default') words.push('--budget', String(budget))
  if (manifest === true) words.push('--manifest')
  if (advisories !== undefined) words.push('--advisories', advisories)
  return words.map(word => (/^[\w@./:+-]+$/.test(word) ? ` ${word}` : ` '${word.replaceAll("'", `'\\''`)}'`)).join('')
}
