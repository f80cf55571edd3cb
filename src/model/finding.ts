import type { Severity } from './severity.ts'

/** A component version × an alias group. Several places with the same name@version are one finding with several `locations`. */
export interface Finding {
  /** `<name>@<version>:<group>`: stable between runs. */
  readonly id: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly group: string
  readonly ids: readonly string[]
  readonly severity: Severity
  readonly score?: number
  readonly locations: readonly string[]
  /** Set when the policy's ignore list covers it; such a finding weighs nothing. */
  readonly ignored?: { readonly reason: string; readonly expires?: string }
}
