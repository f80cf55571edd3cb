/** From flags to what the engine is asked. */
import type { Finding } from '../model/finding.ts'
import type { PlannedFinding } from '../model/plan.ts'
import type { Policy } from '../model/policy.ts'
import { SEVERITIES } from '../model/severity.ts'
import type { PlanRequest, ScanRequest } from './engine.ts'
import type { ChangeFlags, ScanFlags } from './flags.ts'
import type { Job } from './shell.ts'

export async function scanRequest(job: Job, flags: ScanFlags, folder: string | undefined): Promise<ScanRequest> {
  const path = job.path(folder)
  const policy = await job.policy(path, flags)
  const request = { folder: path, policy, offline: flags.offline === true }
  return flags.advisories === undefined ? request : { ...request, advisories: job.path(flags.advisories) }
}

export async function planRequest(job: Job, flags: ChangeFlags, folder: string | undefined): Promise<PlanRequest> {
  const { only = [], budget = 'default', manifest = false } = flags
  return { ...(await scanRequest(job, flags, folder)), only, budget, manifest }
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
export function repeatFlags({ only = [], budget = 'default', manifest, advisories }: ChangeFlags): string {
  const words = only.flatMap(item => ['--only', item])
  if (budget !== 'default') words.push('--budget', String(budget))
  if (manifest === true) words.push('--manifest')
  if (advisories !== undefined) words.push('--advisories', advisories)
  return words.map(word => (/^[\w@./:+-]+$/.test(word) ? ` ${word}` : ` '${word.replaceAll("'", `'\\''`)}'`)).join('')
}
