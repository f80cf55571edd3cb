import { readFile } from 'node:fs/promises'
import { recover, writeFiles } from '../../apply/write-files.ts'
import { batchesOf, changesOf, newVersionsOf, withOnly } from '../../ecosystems/npm/changes.ts'
import { newDefects } from '../../ecosystems/npm/check-tree.ts'
import { readLocked } from '../../ecosystems/npm/locked.ts'
import { differenceOf } from '../../ecosystems/npm/patch.ts'
import type { Repository } from '../../ecosystems/npm/repository.ts'
import type { Tree } from '../../ecosystems/npm/tree.ts'
import { Fault } from '../../model/faults.ts'
import type { Finding } from '../../model/finding.ts'
import type { Change, Plan, PlannedFinding } from '../../model/plan.ts'
import { signingKey } from '../../record/envelope.ts'
import { makeReceipt, sealReceipt } from '../../record/receipt.ts'
import { bisectBatches } from '../../verify/bisect-batches.ts'
import { findOnPath } from '../../verify/find-on-path.ts'
import { verifyWithNpm } from '../../verify/native-npm.ts'
import { runChecks } from '../../verify/run-checks.ts'
import { runProcess } from '../../verify/run-process.ts'
import type { EngineWorld, FixRequest, FixResult } from '../engine.ts'
import { draftPlan, type PlanDraft } from './planner.ts'
import { Session } from './session.ts'
import { type Step, stepFor, treeOf, withFiles } from './step.ts'

type Batch = readonly string[]

const CHECK_TIMEOUT_MS = 30 * 60_000

export async function fix(world: EngineWorld, request: FixRequest): Promise<FixResult> {
  // What a killed act left between two files is finished or taken back first.
  if (!request.dryRun) await recover(request.folder)
  const session = new Session(world, request)
  const draft = await draftPlan(session, request, false)
  const run = new FixRun(session, draft, request)
  return run.run()
}

class FixRun {
  readonly #session: Session
  readonly #draft: PlanDraft
  readonly #request: FixRequest
  readonly #before: Tree
  readonly #after: Tree

  constructor(session: Session, draft: PlanDraft, request: FixRequest) {
    this.#session = session
    this.#draft = draft
    this.#request = request
    this.#before = draft.planning.tree
    this.#after = draft.proposal.realised.tree
  }

  async run(): Promise<FixResult> {
    const { plan } = this.#draft
    const nothing: FixResult = { plan, others: [], written: false, signed: false, verification: [], commits: [], rejected: [] }
    const batches = this.#batches()
    if (batches.length === 0 && plan.manifestChanges.length === 0) return nothing
    const whole = await this.#step(this.#session.repository, this.#before, batches.flat())
    const native = await this.#native(whole)
    if (this.#request.dryRun) return { ...nothing, verification: [...whole.verification, ...native] }
    const { kept, rejected } =
      this.#request.test === undefined ? { kept: batches, rejected: [] } : await this.#checked(batches, this.#request.test)
    if (kept.length === 0) return { ...nothing, rejected }
    const all = kept.length === batches.length
    const written = this.#request.commit
      ? await this.#commit(kept)
      : await this.#write(all ? whole : await this.#step(this.#session.repository, this.#before, kept.flat()), all ? native : undefined)
    return {
      ...nothing,
      ...written,
      // Commits prove one change each; what they make together was proved before the first.
      ...(this.#request.commit && all ? { verification: [...whole.verification, ...native] } : {}),
      plan: all ? plan : this.#planOf(kept),
      written: true,
      rejected,
    }
  }

  /** Independent batches; those that would not hold alone are one. A manifest edit binds everything to itself. */
  #batches(): Batch[] {
    const difference = differenceOf(this.#before, this.#after)
    const locations = [...difference.set, ...difference.removed]
    const apart = this.#request.commit || this.#request.test !== undefined
    if (!apart || this.#draft.plan.manifestChanges.length > 0) return locations.length === 0 ? [] : [locations]
    const batches = batchesOf(this.#before, this.#after, difference)
    const holds = (batch: Batch) => newDefects(this.#before, withOnly(this.#before, this.#after, batch)).length === 0
    const alone = batches.filter(holds)
    const bound = batches.filter(batch => !holds(batch)).flat()
    if (bound.length === 0) return alone
    return holds(bound) ? [...alone, bound] : [locations]
  }

  #step(repository: Repository, from: Tree, locations: Batch): Promise<Step> {
    return stepFor(this.#session, this.#draft, repository, from, locations)
  }

  async #native(step: Step): Promise<Step['verification']> {
    if (!this.#request.native) return [{ check: 'npm', result: 'skipped', detail: 'asked not to (--no-native)' }]
    this.#session.world.progress({ doing: 'Asking npm whether it accepts the result' })
    const { folder, manifests } = step.repository
    const { environment } = this.#session.world
    return verifyWithNpm({
      folder,
      files: step.files,
      manifests,
      npm: findOnPath('npm', environment),
      environment,
      run: runProcess,
      offline: this.#request.offline,
    })
  }

  async #write(step: Step, native?: Step['verification']): Promise<Pick<FixResult, 'receipt' | 'signed' | 'verification'>> {
    const verification = [...step.verification, ...(native ?? (await this.#native(step)))]
    const changes = this.#changes(this.#before, [...step.difference.set, ...step.difference.removed])
    const { path, text, signed } = await this.#receipt(step, verification, changes)
    await writeFiles(step.repository.folder, [...step.files, { path, after: text }])
    return { receipt: path, signed, verification }
  }

  async #receipt(step: Step, verification: Step['verification'], changes: readonly Change[]) {
    const { world, database } = this.#session
    const receipt = makeReceipt({
      toolVersion: world.toolVersion,
      now: world.now,
      target: this.#draft.plan.target.id,
      files: step.files,
      edits: step.edits,
      changes,
      origins: step.origins,
      advisories: { hash: database.status.hash, newest: database.status.newest },
      verification,
    })
    const pem = this.#request.key === undefined ? undefined : await readKey(this.#request.key)
    return { ...sealReceipt(receipt, pem === undefined ? undefined : signingKey(pem)), signed: pem !== undefined }
  }

  /** Runs the user's checks on ever smaller sets of batches; the files are as before when it ends. */
  async #checked(batches: readonly Batch[], command: string): Promise<{ kept: readonly Batch[]; rejected: FixResult['rejected'] }> {
    const { folder } = this.#session.repository
    const outputs = new Map<string, string>()
    const passes = async (kept: readonly Batch[]) => {
      this.#session.world.progress({ doing: `Running the checks with ${kept.length} of ${batches.length} changes` })
      const step = kept.length === 0 ? undefined : await this.#step(this.#session.repository, this.#before, kept.flat())
      if (step !== undefined) await writeFiles(folder, step.files)
      try {
        const outcome = await runChecks(command, folder, { timeoutMs: CHECK_TIMEOUT_MS, environment: this.#session.world.environment })
        outputs.set(kept.flat().join('\n'), outcome.tail)
        return outcome.passed
      } finally {
        if (step !== undefined)
          await writeFiles(
            folder,
            step.files.map(file => ({ path: file.path, after: file.before, beforeSha256: file.afterSha256 })),
          )
      }
    }
    const { kept, guilty } = await bisectBatches(batches, passes)
    const lastFailure = (batch: Batch) =>
      [...outputs].findLast(([key]) => batch.every(location => key.split('\n').includes(location)))?.[1] ?? ''
    return { kept, rejected: guilty.map(batch => ({ changes: this.#changes(this.#before, batch), output: lastFailure(batch) })) }
  }

  /** One commit for each batch, each with its own receipt. */
  async #commit(kept: readonly Batch[]): Promise<Pick<FixResult, 'receipt' | 'signed' | 'verification' | 'commits'>> {
    const [{ commitFiles, isClean }, { commitMessage }] = await Promise.all([
      import('../../vcs/git.ts'),
      import('../../vcs/commit-message.ts'),
    ])
    const { folder, lock, manifest } = this.#session.repository
    const changed = this.#draft.plan.manifestChanges.map(({ file }) => file)
    const touched = [...new Set([lock.file, ...(manifest === undefined ? [] : [manifest.file]), ...changed])]
    if (!(await isClean(folder, touched)))
      throw new Fault('git-failed', `${touched.join(' or ')} holds changes that are not committed.`, {
        hint: 'Commit or stash them first.',
      })
    let repository = this.#session.repository
    let from = this.#before
    let last: Pick<FixResult, 'receipt' | 'signed' | 'verification'> = { signed: false, verification: [] }
    const commits: { id: string; subject: string }[] = []
    for (const batch of kept) {
      const step = await this.#step(repository, from, batch)
      const verification = [...step.verification, ...(await this.#native(step))]
      const changes = this.#changes(from, batch)
      const { path, text, signed } = await this.#receipt(step, verification, changes)
      await writeFiles(folder, [...step.files, { path, after: text }])
      const message = commitMessage({
        changes,
        manifestChanges: this.#draft.plan.manifestChanges,
        fixes: this.#fixedBy(changes),
        verification,
        receipt: path,
      })
      const { id, subject } = await commitFiles({ folder, files: [...step.files.map(file => file.path), path], message })
      commits.push({ id, subject })
      last = { receipt: path, signed, verification }
      repository = withFiles(repository, step.files)
      from = treeOf(this.#draft, repository)
    }
    return { ...last, commits }
  }

  /** The plan as far as it was carried out: what the checks rejected stays open, at the price it had. */
  #planOf(kept: readonly Batch[]): Plan {
    const { plan } = this.#draft
    const changes = this.#changes(this.#before, kept.flat())
    const done = new Set(changes.flatMap(({ fixes }) => fixes))
    const isRejected = ({ finding, outcome }: PlannedFinding) => outcome === 'fixed' && !done.has(finding.id)
    const findings = plan.findings.map((item): PlannedFinding => (isRejected(item) ? { ...item, outcome: 'available' } : item))
    const again = plan.findings.filter(isRejected).reduce((sum, { finding }) => sum + this.#session.policy.weights[finding.severity], 0)
    const newVersions = newVersionsOf(this.#draft.planning.locked, withOnly(this.#before, this.#after, kept.flat())).length
    const objective = { ...plan.objective, riskLeft: plan.objective.riskLeft + again, entries: kept.flat().length, newVersions }
    return { ...plan, changes, findings, objective }
  }

  #fixedBy(changes: readonly Change[]): readonly Finding[] {
    const ids = new Set(changes.flatMap(({ fixes }) => fixes))
    return this.#draft.plan.findings.flatMap(({ finding }) => (ids.has(finding.id) ? [finding] : []))
  }

  #changes(from: Tree, locations: Batch): readonly Change[] {
    const after = withOnly(from, this.#after, locations)
    const locked = readLocked(from)
    const left = new Set([...readLocked(after).units.keys()])
    const { plan } = this.#draft
    const fixed = plan.findings.flatMap(({ finding, outcome }) =>
      outcome === 'fixed' && locked.units.has(`${finding.name}@${finding.version}`) && !left.has(`${finding.name}@${finding.version}`)
        ? [finding]
        : [],
    )
    const young = new Map(
      plan.changes.flatMap(({ name, to, coolDownException }) =>
        coolDownException === undefined ? [] : [[`${name}@${to}`, coolDownException.published] as const],
      ),
    )
    return changesOf({
      locked,
      after,
      difference: differenceOf(from, after),
      fixed,
      young,
      coolDownDays: this.#session.policy.coolDown.days,
    })
  }
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Fault('key-invalid', `${path} cannot be read.`, { cause })
  }
}
