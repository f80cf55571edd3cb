/**
 * What the verbs ask for and what they get: the line between words on a screen and the stages that do the work.
 * `open-engine.ts` wires the stages behind it; tests put nouns made by hand in its place.
 */
import type { ImageUse } from '../manifests/image-use.ts'
import type { AdvisoryDatabaseStatus, AdvisoryDetail } from '../model/advisory.ts'
import type { FaultCode } from '../model/faults.ts'
import type { Finding } from '../model/finding.ts'
import type { Component, Target } from '../model/inventory.ts'
import type { Budget, Change, Plan, PlannedFinding } from '../model/plan.ts'
import type { Policy } from '../model/policy.ts'
import type { Receipt } from '../model/receipt.ts'
import type { Severity } from '../model/severity.ts'

export interface ScanRequest {
  /** Absolute path of the folder that holds the lockfile; for an image the folder that holds `suture.yaml` and the receipts. */
  readonly folder: string
  /** Set where the target is a container image. */
  readonly image?: ImageRequest
  readonly policy: Policy
  /** A file or folder of OSV records to use instead of the database. */
  readonly advisories?: string
  /** Use the cache only: nothing is asked of the network. */
  readonly offline: boolean
}

export interface ImageRequest {
  readonly reference: string
  /** `os/architecture[/variant]`; empty: every platform that can be patched. */
  readonly platforms: readonly string[]
  /** Lines or files of apt sources to use instead of the image's own. */
  readonly sources: readonly string[]
  /** Packages to move to what the security suites offer, advisories known or not; `all` for every one. */
  readonly update: readonly string[]
  /** Packages whose maintainer scripts may be skipped although they would do something. */
  readonly allowScripts: readonly string[]
  /** Plain HTTP and unverified certificates are accepted from the image's registry. */
  readonly insecure: boolean
  /** A file names it and could name another: what is newer than the image itself counts, not what is newer than the base it says it has. */
  readonly isReplaceable?: boolean
  /** Newer bases are not looked for. */
  readonly noNewerBase?: boolean
  /** For Dockerfiles: `NAME=value`, or `NAME` for the value that the environment has. */
  readonly buildArguments?: readonly string[]
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
  /** Where the patched image goes; absent: back where it came from, which registries refuse. */
  readonly output?: string
  /** Attach SBOM, VEX and receipt to the image as referrers. */
  readonly attach: boolean
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
  /** A part of the target could not be looked at, as `notes` say. */
  readonly partial?: true
  /** Of an image's other platforms. */
  readonly others?: readonly ScanReport[]
}

export interface PlanResult {
  readonly plan: Plan
  /** Of an image's other platforms. */
  readonly others: readonly Plan[]
  /** Where a newer base image is there. */
  readonly bases?: BasePrices
  /** What an independent solver needs to check the optimum, as text to write to a file. */
  readonly certificate: () => Promise<string>
}

/** An image that is newer than the one that is planned for, or than its base. */
export interface NewerBase {
  /** With its digest: what to write in place of the present one. */
  readonly reference: string
  readonly digest: string
  readonly findingsLeft: number
  /** Those, each. */
  readonly left: readonly Finding[]
  readonly riskLeft: number
  readonly packages: { readonly changed: number; readonly added: number; readonly removed: number }
  /** Those that the present image has not, and their stored bytes. */
  readonly layers: number
  readonly bytes: number
  /** What a container notices besides its files: `User`, `Entrypoint`, `Env PATH`. */
  readonly settings: readonly string[]
  /** Set where it is of another release of the distribution than the present one: that release's name. */
  readonly release?: string
}

/** The layer that is planned, and newer images beside it. */
export interface BasePrices {
  /** What the newer ones are newer than: the image itself, or the base that it names. */
  readonly of: string
  readonly layer: { readonly findingsLeft: number; readonly riskLeft: number; readonly packages: number; readonly bytes: number }
  readonly newer: readonly NewerBase[]
  /** `layer`, or the reference of what leaves less risk, or as little with fewer packages moved. */
  readonly better: string
  /** Sentences about what was not compared. */
  readonly notes: readonly string[]
}

/** An image that a Dockerfile or compose file names, with what is known of it. */
export interface NamedImage<Result> {
  /** The file that names it, as it was asked for or as the compose file has it. */
  readonly file: string
  readonly use: ImageUse
  /** Absent where the image is not known, or cannot be read: `fault` says why. */
  readonly result?: Result
  readonly fault?: { readonly code: FaultCode; readonly message: string; readonly hint: string }
}

/** A reference in a file that is to name a newer image. */
export interface ReferenceMove {
  readonly file: string
  readonly line: number
  /** It is in a compose file. */
  readonly isService: boolean
  readonly from: string
  readonly to: string
  /** In UTF-16 code units of the file: what `insert` takes the place of, and the text that stands there. */
  readonly place: { readonly start: number; readonly end: number }
  readonly removed: string
  readonly insert: string
  readonly base: NewerBase
  /** Ids of findings that go. */
  readonly fixes: readonly string[]
}

/** A named image with its plan, and what its file is to name in its place. */
export interface PlannedImage extends NamedImage<PlanResult> {
  readonly move?: ReferenceMove
  /** Why the reference stays: the end of a sentence about it. Absent where the image was not looked at. */
  readonly stays?: string
}

/** What was done to a Dockerfile or compose file. */
export interface ImageFileFix {
  readonly images: readonly PlannedImage[]
  readonly written: boolean
  /** Relative to the folder; absent when nothing was written. */
  readonly receipt?: string
  readonly signed: boolean
  readonly verification: Receipt['verification']
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
  /** Of an image's other platforms. */
  readonly others: readonly Plan[]
  /** What was written, where the target is an image. */
  readonly image?: ImageResult
  readonly written: boolean
  /** Relative to the target; absent when nothing was written. */
  readonly receipt?: string
  readonly signed: boolean
  readonly verification: Receipt['verification']
  readonly commits: readonly { readonly id: string; readonly subject: string }[]
  /** Changes that the user's checks rejected, with the end of what the checks printed. */
  readonly rejected: readonly { readonly changes: readonly Change[]; readonly output: string }[]
}

export interface ImageResult {
  readonly reference: string
  readonly digest: string
  readonly before: string
  readonly layers: readonly {
    readonly platform: string
    readonly digest: string
    readonly diffId: string
    readonly size: number
    readonly files: number
  }[]
  /** Evidence beside the image, relative to the working folder: SBOMs, VEX. */
  readonly evidence: readonly string[]
  readonly bytesWritten: number
}

/** What a second party finds that derives the patch again from the same inputs. */
export interface VerifyResult {
  readonly receipt: string
  readonly reference: string
  readonly checks: readonly { readonly check: string; readonly result: 'passed' | 'failed' | 'skipped'; readonly detail: string }[]
  readonly signature: UndoResult['signature']
}

export interface VerifyRequest {
  readonly folder: string
  /** Path of the receipt; absent: the newest. */
  readonly receipt?: string
  readonly key?: string
  readonly offline: boolean
  readonly insecure: boolean
}

export interface UndoRequest {
  readonly folder: string
  /** Path of the receipt; absent: the newest. */
  readonly receipt?: string
  readonly dryRun: boolean
  readonly key?: string
  readonly insecure: boolean
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
  /** `path`: a Dockerfile or compose file; each image that it names, in the file's order. */
  scanImageFile(request: ScanRequest & { readonly image: ImageRequest }, path: string): Promise<readonly NamedImage<ScanReport>[]>
  planImageFile(request: PlanRequest & { readonly image: ImageRequest }, path: string): Promise<readonly PlannedImage[]>
  fixImageFile(request: FixRequest & { readonly image: ImageRequest }, path: string): Promise<ImageFileFix>
  explain(request: PlanRequest, subject: string): Promise<Story>
  fix(request: FixRequest): Promise<FixResult>
  undo(request: UndoRequest): Promise<UndoResult>
  verify(request: VerifyRequest): Promise<VerifyResult>
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
