import type { Finding } from './finding.ts'
import type { Target } from './inventory.ts'

/** One component version from → to, and why. A package new to the target has no `from`; one that goes has no `to`. */
export interface Change {
  readonly name: string
  readonly from?: string
  readonly to?: string
  readonly locations: readonly string[]
  /** `fix`: removes findings itself; `need`: something that changes needs it; `reuse`: a version already here serves; `orphan`: nothing needs it any more. */
  readonly why: 'fix' | 'need' | 'reuse' | 'orphan'
  /** One sentence for people. */
  readonly because: string
  /** Ids of the findings that this change removes. */
  readonly fixes: readonly string[]
  readonly breaking: boolean
  readonly installScript: boolean
  /** Set when the cool-down was waived for this version because it is a security fix. */
  readonly coolDownException?: { readonly published: string; readonly days: number }
  /** Where packaging tells: the same upstream release with a fix put in, or a new upstream release. */
  readonly release?: 'backport' | 'upstream'
}

export interface ManifestChange {
  readonly file: string
  readonly kind: 'range' | 'override'
  /** The path of keys inside the manifest. */
  readonly key: readonly string[]
  readonly from?: string
  readonly to: string
  readonly because: string
}

/** The objective, level by level; lower is better. See docs/concepts/plan.md. */
export interface Objective {
  readonly riskLeft: number
  readonly manifestEdits: number
  readonly breakingLines: number
  readonly newVersions: number
  readonly entries: number
  readonly distance: number
  readonly installScripts: number
}

/** What it takes to remove one finding alone. `null` price: no plan within what the policy allows removes it. */
export interface Price {
  readonly newVersions: number
  readonly breakingLines: number
  readonly manifestEdits: number
  /** The flag that buys it, when the present run does not. */
  readonly flag?: string
}

/** Why a finding stays: the range that holds the vulnerable version in place. */
export interface Blocker {
  /** Who declares the range: `name@version`, or `the project` for the root. */
  readonly owner: string
  readonly ownerLocation: string
  readonly declares: string
  readonly range: string
  /** The owner holds it inside itself, so `range` is the version that it brings. */
  readonly brings?: true
  /** From the root down to the vulnerable component. */
  readonly path: readonly string[]
  /** What would have to happen, in one sentence. */
  readonly remedy: string
}

export type FindingOutcome = 'fixed' | 'available' | 'blocked' | 'no-fix' | 'ignored'

/** One finding in the plan: what becomes of it, and at which price. */
export interface PlannedFinding {
  readonly finding: Finding
  readonly outcome: FindingOutcome
  readonly price?: Price
  readonly blockers: readonly Blocker[]
}

/** One point of the Pareto front: at most this many new versions leave this much risk; no plan does better. */
export interface CurvePoint {
  readonly newVersions: number
  readonly riskLeft: number
  readonly findingsLeft: number
}

export interface Plan {
  readonly target: Target
  readonly changes: readonly Change[]
  readonly manifestChanges: readonly ManifestChange[]
  readonly objective: Objective
  readonly riskBefore: number
  readonly findings: readonly PlannedFinding[]
  readonly curve: readonly CurvePoint[]
  /** Index into `curve`: the point farthest from the chord between the ends. */
  readonly knee: number
  readonly advisories: { readonly hash: string; readonly newest: string }
  /** A part of the target could not be looked at, as `notes` say. */
  readonly partial?: true
  /** Present when the planner could not do what was asked in full; sentences for people. */
  readonly notes: readonly string[]
}

/** How much a plan may change. `default`: lock only and no breaking line. `all`: lock only. A number: at most so many new versions. */
export type Budget = 'default' | 'all' | 'knee' | number
