/** scan, plan and fix of what a Dockerfile or compose file names. What only builds does not ship, so it does not decide the exit code. */

import { Fault } from '../../model/faults.ts'
import type { NamedImage, PlannedImage } from '../engine.ts'
import type { FixFlags, PlanFlags, ScanFlags } from '../flags.ts'
import { counts, exitFor, imageRequest, repeatFlags } from '../request.ts'
import type { Job } from '../shell.ts'
import { imageFileView } from '../view/image-file.ts'
import { imageFileFixView, movesView } from '../view/image-file-fix.ts'
import { planResultView } from '../view/plan-result.ts'
import { scanView } from '../view/scan.ts'

export async function scanImageFile(job: Job, flags: ScanFlags, path: string) {
  const request = await imageRequest(job, flags, '')
  const engine = await job.engine()
  const named = await engine.scanImageFile(request, path)
  const shipped = shipping(named).flatMap(report => [report, ...(report.others ?? [])])
  return {
    noun: named,
    view: (width: number) =>
      imageFileView(named, width, report => [report, ...(report.others ?? [])].flatMap(each => scanView(each, job.now(), width))),
    exit:
      shipped.some(({ findings }) => findings.some(finding => counts(finding, request.policy))) || isIncomplete(named)
        ? (1 as const)
        : (0 as const),
  }
}

export async function planImageFile(job: Job, flags: PlanFlags, path: string) {
  if (flags.certificate !== undefined) throw new Fault('usage', '--certificate is for one target.', { hint: 'Name one of the images.' })
  const request = await imageRequest(job, flags, '')
  const { only = [], budget = 'default' } = flags
  const engine = await job.engine()
  const named = await engine.planImageFile({ ...request, only, budget, manifest: false }, path)
  const plans = shipping(named).flatMap(({ plan, others }) => [plan, ...others])
  const options = (target: string) => ({ now: job.now(), fixCommand: `suture fix ${target}${repeatFlags(flags)}` })
  return {
    noun: named.map(withoutCertificate),
    view: (width: number) => [
      ...imageFileView(named, width, result => planResultView(result, { ...options(result.plan.target.id), width })),
      ...movesView(named, `suture fix ${path}${repeatFlags(flags)}`, width),
    ],
    exit: isIncomplete(named)
      ? (1 as const)
      : exitFor(
          plans.flatMap(({ findings }) => findings),
          request.policy,
        ),
  }
}

const OF_ANOTHER_TARGET = ['commit', 'test', 'output', 'attach'] as const

export async function fixImageFile(job: Job, flags: FixFlags, path: string) {
  const given = OF_ANOTHER_TARGET.find(name => flags[name] !== undefined)
  if (given !== undefined)
    throw new Fault('usage', `--${given} is not for files that name images: their references are edited, and nothing is built.`, {
      hint: 'Leave it out, or name an image.',
    })
  const request = await imageRequest(job, flags, '')
  const { only = [], budget = 'default', dryRun = false, key } = flags
  const engine = await job.engine()
  const asked = { ...request, only, budget, manifest: false, dryRun, native: false, commit: false, attach: false }
  const result = await engine.fixImageFile({ ...asked, ...(key === undefined ? {} : { key: job.path(key) }) }, path)
  const left = result.images.flatMap(({ use, result: planned, move }) => {
    if (use.role === 'build' || planned === undefined) return []
    const { plan, others } = planned
    return move?.base.left ?? [plan, ...others].flatMap(({ findings }) => findings.map(({ finding }) => finding))
  })
  return {
    noun: { ...result, images: result.images.map(withoutCertificate) },
    view: (width: number) => imageFileFixView(result, path, width),
    exit: left.some(finding => counts(finding, request.policy)) || isIncomplete(result.images) ? (1 as const) : (0 as const),
  }
}

function withoutCertificate({ result, ...item }: PlannedImage) {
  return result === undefined ? item : { ...item, result: { ...result, certificate: undefined } }
}

function shipping<Result>(named: readonly NamedImage<Result>[]): readonly Result[] {
  return named.flatMap(({ use, result }) => (use.role === 'build' || result === undefined ? [] : [result]))
}

/** What ships and could not be looked at is no good news; one in which nothing is what `--only` names is none either way. */
function isIncomplete(named: readonly NamedImage<unknown>[]): boolean {
  const ships = named.filter(({ use }) => use.role === 'base' || use.role === 'service')
  return ships.some(({ result, fault }) => result === undefined && fault?.code !== 'not-found')
}
