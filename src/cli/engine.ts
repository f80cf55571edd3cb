/**
 * What the verbs ask for and what they get: the line between words on a screen and the stages that do the work.
 * `open-engine.ts` wires the stages behind it; tests put nouns made by hand in its place.
 */
import type { AdvisoryDatabaseStatus, AdvisoryDetail } from '../model/advisory.ts'
import type { Finding } from '../model/finding.ts'
import type { Component, Target } from '../model/inventory.ts'
import type { Budget, Change, Plan, PlannedFinding } from '../model/plan.ts'
import type { Policy } from '../model/policy.ts'
import type { Receipt } from '../model/receipt.ts'
import type { Severity } from '../model/severity.ts'

export interface ScanRequest {
  /** Absolute path of the folder that holds the lockfile. */
  readonly folder: string
  readonly policy: Policy
  /** A file or folder of OSV records to use instead of the database. */
  readonly advisories?: string
  /** Use the cache only: nothing is asked of the network. */
  readonly offline: boolean
}

export interface PlanRequest extends ScanRequest {
  /** Advisory ids, aliases or package names; empty: everything. */
  readonly only: readonly string[]
  readonly budget: Budget
  /** May climb the ladder: parent bump, direct bump, scoped override. */
  readonly manifest: boolean
}

export interface FixRequest extends PlanRequest {
  /** Do everything but write. */
  readonly dryRun: boolean
  /** Ask npm itself to accept the result. */
  readonly native: boolean
  /** One Git commit per independent change. */
  readonly commit: boolean
  /** Command to run after each batch; a change that breaks it is taken back. */
  readonly test?: string
  /** PEM file of the key that signs the receipt. */
  readonly key?: string
}

export interface ScanReport {
  readonly target: Target
  /** The files that were read, relative to the target. */
  readonly files: readonly string[]
  readonly components: number
  readonly findings: readonly Finding[]
  /** What can be done about each, in the order of `findings`; absent when no registry metadata could be had (`--offline`). */
  readonly planned?: readonly PlannedFinding[]
  /** Finding id → the shortest chain of `name@version` from the project down to it. */
  readonly paths: Readonly<Record<string, readonly string[]>>
  readonly advisories: AdvisoryDatabaseStatus
  readonly notes: readonly string[]
}

export interface PlanResult {
  readonly plan: Plan
  /** What an independent solver needs to check the optimum, as text to write to a file. */
  readonly certificate: () => Promise<string>
}

/** One component that a story is about, with every way the project comes to it (shortest first, bounded). */
export interface StoryComponent {
  readonly component: Component
  readonly paths: readonly (readonly string[])[]
}

/** Everything known about one advisory or one package in this target. */
export interface Story {
  readonly subject: string
  readonly kind: 'advisory' | 'package'
  readonly target: Target
  readonly advisory?: {
    readonly ids: readonly string[]
    readonly severity: Severity
    readonly score?: number
    readonly detail?: AdvisoryDetail
  }
  readonly components: readonly StoryComponent[]
  readonly findings: readonly PlannedFinding[]
  /** The changes that would remove the findings, as the default plan has them. */
  readonly changes: readonly Change[]
}

export interface FixResult {
  readonly plan: Plan
  readonly written: boolean
  /** Relative to the target; absent when nothing was written. */
  readonly receipt?: string
  readonly signed: boolean
  readonly verification: Receipt['verification']
  readonly commits: readonly { readonly id: string; readonly subject: string }[]
  /** Changes that the user's checks rejected, with the end of what the checks printed. */
  readonly rejected: readonly { readonly changes: readonly Change[]; readonly output: string }[]
}

export interface UndoRequest {
  readonly folder: string
  /** Path of the receipt; absent: the newest. */
  readonly receipt?: string
  readonly dryRun: boolean
  readonly key?: string
}

export interface UndoResult {
  /** Relative to the target. */
  readonly receipt: string
  readonly content: Receipt
  readonly written: boolean
  readonly signature: 'verified' | 'unsigned' | 'not checked'
}

export interface ReceiptSummary {
  /** Relative to the target. */
  readonly path: string
  readonly created: string
  readonly changes: number
  readonly fixes: number
}

export interface DatabaseUpdateRequest {
  /** Mirror address or local folder; absent: the public source. */
  readonly from?: string
  readonly ecosystems: readonly string[]
}

export interface DatabaseUpdate {
  readonly before?: AdvisoryDatabaseStatus
  readonly after: AdvisoryDatabaseStatus
  readonly bytes: number
}

export interface Engine {
  scan(request: ScanRequest): Promise<ScanReport>
  plan(request: PlanRequest): Promise<PlanResult>
  explain(request: PlanRequest, subject: string): Promise<Story>
  fix(request: FixRequest): Promise<FixResult>
  undo(request: UndoRequest): Promise<UndoResult>
  /** Newest first. */
  receipts(folder: string): Promise<readonly ReceiptSummary[]>
  databaseStatus(advisories?: string): Promise<AdvisoryDatabaseStatus>
  databaseUpdate(request: DatabaseUpdateRequest): Promise<DatabaseUpdate>
}

/** Told while something takes time; `total` is known for counted work. */
export interface Progress {
  readonly doing: string
  readonly done?: number
  readonly total?: number
  /** What is counted: defaults to things; `bytes` prints as MB. */
  readonly unit?: 'bytes'
}

/** What the engine may use of the outside world. */
export interface EngineWorld {
  readonly now: () => Date
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingFolder: string
  readonly toolVersion: string
  readonly progress: (progress: Progress) => void
}
