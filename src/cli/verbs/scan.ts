import type { ScanFlags } from '../flags.ts'
import { counts, imageFileOf, scanRequest } from '../request.ts'
import type { Verb } from '../shell.ts'
import { scanView } from '../view/scan.ts'
import { scanImageFile } from './image-file.ts'

export const scan: Verb<ScanFlags, [target?: string]> = async (job, flags, target) => {
  const file = await imageFileOf(job, target)
  if (file !== undefined) return scanImageFile(job, flags, file)
  const request = await scanRequest(job, flags, target)
  const engine = await job.engine()
  const report = await engine.scan(request)
  const all = [report, ...(report.others ?? [])]
  return {
    noun: report,
    view: width => all.flatMap(each => scanView(each, job.now(), width)),
    exit: all.flatMap(each => each.findings).some(finding => counts(finding, request.policy)) ? 1 : 0,
  }
}
