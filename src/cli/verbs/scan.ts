import type { ScanFlags } from '../flags.ts'
import { counts, scanRequest } from '../request.ts'
import type { Verb } from '../shell.ts'
import { scanView } from '../view/scan.ts'

export const scan: Verb<ScanFlags, [folder?: string]> = async (job, flags, folder) => {
  const request = await scanRequest(job, flags, folder)
  const engine = await job.engine()
  const report = await engine.scan(request)
  return {
    noun: report,
    view: width => scanView(report, job.now(), width),
    exit: report.findings.some(finding => counts(finding, request.policy)) ? 1 : 0,
  }
}
