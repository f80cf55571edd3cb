/** Port: how the versions of one ecosystem are ordered. Pure; never coerces, never guesses. */
export interface VersionScheme {
  /** Negative, zero or positive, as `a` sorts before, with or after `b`. Both must be valid. */
  compare(a: string, b: string): number
  /** True when the scheme can order the version as it is written. */
  valid(version: string): boolean
  /**
   * The end of a range as an advisory writes it, in a form that `compare` takes; `undefined` when it cannot be ordered.
   * Advisories abbreviate (`fixed: 8.0`), which no installed version may.
   */
  bound(text: string): string | undefined
}
