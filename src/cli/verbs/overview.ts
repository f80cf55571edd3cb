import { Fault } from '../../model/faults.ts'
import type { ScanReport } from '../engine.ts'
import type { ScanFlags } from '../flags.ts'
import { counts, scanRequest } from '../request.ts'
import type { Verb } from '../shell.ts'
import { overviewView, welcomeView } from '../view/overview.ts'

export const overview: Verb<ScanFlags, [target?: string]> = async (job, flags, target) => {
  const request = await scanRequest(job, flags, target)
  const engine = await job.engine()
  let report: ScanReport
  try {
    report = await engine.scan(request)
  } catch (error) {
    if (flags.json === true || !(error instanceof Fault && error.code === 'target-not-found')) throw error
    return { noun: null, view: width => welcomeView(request.folder, width), exit: 0 }
  }
  const receipts = await engine.receipts(request.folder)
  return {
    noun: { ...report, receipts },
    view: width => overviewView(report, { now: job.now(), width, receipts }),
    exit: report.findings.some(finding => counts(finding, request.policy)) ? 1 : 0,
  }
}
