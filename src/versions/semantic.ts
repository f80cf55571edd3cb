/**
 * Semantic Versioning 2.0.0 (semver.org, section 11) for ecosystems that write it without npm's limits: numbers are of any size, build
 * metadata does not count. Go writes a `v` in front and, in its advisories, none; both are the same version here, pseudo-versions are
 * pre-releases like any other.
 */
import { compareNumbers } from './numerals.ts'
import type { VersionScheme } from './scheme.ts'

const LONGEST = 256
const NUMBER = '(0|[1-9]\\d*)'
const IDENTIFIER = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)'
const REST = `(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`
const PLAIN = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}${REST}`)
const WITH_LETTER = new RegExp(`^v?${NUMBER}\\.${NUMBER}\\.${NUMBER}${REST}`)
/** Bounds may stop early: `fixed: 1.18` ends before 1.18.0. */
const SHORT = /^v?(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))?$/

function semantic(pattern: RegExp): VersionScheme {
  const parse = (version: string) => (version.length > LONGEST ? null : pattern.exec(version))
  const demand = (version: string) => {
    const found = parse(version)
    if (found === null) throw new TypeError(`not a semantic version: ${version}`)
    return found
  }
  return {
    compare(a, b) {
      if (a === b) return 0
      const [left, right] = [demand(a), demand(b)]
      for (let i = 1; i <= 3; i++) {
        const order = compareNumbers(left[i] ?? '', right[i] ?? '')
        if (order !== 0) return order
      }
      return comparePreReleases(left[4], right[4])
    },
    valid: version => parse(version) !== null,
    bound(text) {
      const missing = text.length <= LONGEST && SHORT.test(text) ? 2 - (text.split('.').length - 1) : 0
      const whole = text + '.0'.repeat(missing)
      return parse(whole) === null ? undefined : whole
    },
  }
}

/** A release sorts after its pre-releases; numbers sort before words, and fewer identifiers before more. */
function comparePreReleases(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined) return 1
  if (b === undefined) return -1
  const [left, right] = [a.split('.'), b.split('.')]
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [one, other] = [left[i] ?? '', right[i] ?? '']
    if (one === other) continue
    const [oneIsNumber, otherIsNumber] = [isNumber(one), isNumber(other)]
    if (oneIsNumber && otherIsNumber) return compareNumbers(one, other)
    if (oneIsNumber !== otherIsNumber) return oneIsNumber ? -1 : 1
    return one < other ? -1 : 1
  }
  return left.length - right.length
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text)
}

export const cargo = semantic(PLAIN)
export const go = semantic(WITH_LETTER)
