import type { Severity, SeverityWeights } from './severity.ts'

export interface IgnoreRule {
  /** An advisory id or alias. */
  readonly advisory: string
  readonly package?: string
  readonly reason: string
  /** ISO date (inclusive); after it the rule no longer holds. */
  readonly expires?: string
}

/** What the user allows. Read from `suture.yaml`; command-line flags narrow or widen it for one run. */
export interface Policy {
  /** The lowest severity that counts. `unscored` counts always. */
  readonly threshold: Exclude<Severity, 'unscored'>
  readonly weights: SeverityWeights
  readonly ignore: readonly IgnoreRule[]
  readonly coolDown: {
    /** Days that must have passed since a version was published before it may be introduced; 0 = off. */
    readonly days: number
    /** A version that removes a finding may be younger; the exception is written into plan and receipt. */
    readonly exceptSecurity: boolean
  }
  /** Packages that must not change at all. */
  readonly hold: readonly string[]
  /** package → range that every version of it in the result has to satisfy, unless it is there already. */
  readonly pin: Readonly<Record<string, string>>
  /** The Node.js range the project runs on, where it differs from package.json's engines. */
  readonly node?: string
  /** Lines or stanzas of apt sources for container images that name none themselves. */
  readonly aptSources?: readonly string[]
}

export const DEFAULT_WEIGHTS: SeverityWeights = { critical: 100, high: 30, moderate: 10, low: 3, unscored: 10 }

export const DEFAULT_POLICY: Policy = {
  threshold: 'low',
  weights: DEFAULT_WEIGHTS,
  ignore: [],
  coolDown: { days: 0, exceptSecurity: true },
  hold: [],
  pin: {},
}
