/**
 * Evaluation of OSV ranges. Source: OSV schema 1.7.5, "Evaluation".
 *
 * A range's events, sorted by version, open and close intervals: `introduced` opens at its version, `fixed` closes before its version,
 * `last_affected` behind it. Where an end meets a start at one version, the end belongs to the interval that is open there; when none
 * is, to the one that starts there. So `introduced 3.7.2, last_affected 3.7.2` is one version, and `introduced 0, fixed 3.1.1,
 * introduced 3.1.1, fixed 3.1.3` is everything below 3.1.3, in whatever order the events are written.
 */
import type { VersionScheme } from '../versions/scheme.ts'
import type { OsvRange } from './osv.ts'

/** Versions from `from` (absent: from the very first) to `to` (absent: without end), which is part of it when `inclusive`. */
export interface Interval {
  readonly from?: string
  readonly to?: string
  readonly inclusive: boolean
}

interface Point {
  /** Undefined: before everything. */
  readonly at: string | undefined
  readonly opens: boolean
  readonly closes: 'before' | 'behind' | undefined
}

/** No intervals where a bound cannot be ordered: such a range says nothing about any version. */
export function intervalsOf(range: OsvRange, scheme: VersionScheme): readonly Interval[] {
  const points: Point[] = []
  const limits: string[] = []
  let unlimited = false
  for (const { kind, version } of range) {
    if (kind === 'introduced' && version === '0') {
      points.push({ at: undefined, opens: true, closes: undefined })
    } else if (kind === 'limit' && version.includes('*')) {
      unlimited = true
    } else {
      const at = scheme.bound(version)
      if (at === undefined) return []
      if (kind === 'limit') limits.push(at)
      else
        points.push({
          at,
          opens: kind === 'introduced',
          closes: kind === 'fixed' ? 'before' : kind === 'last_affected' ? 'behind' : undefined,
        })
    }
  }
  const intervals = sweep(points, scheme)
  // Below any of the limits is below the highest.
  const highest = limits.sort(scheme.compare).at(-1)
  return unlimited || highest === undefined ? intervals : below(highest, intervals, scheme)
}

function sweep(points: Point[], scheme: VersionScheme): Interval[] {
  const order = (a: string | undefined, b: string | undefined): number =>
    a === undefined ? (b === undefined ? 0 : -1) : b === undefined ? 1 : scheme.compare(a, b)
  points.sort((a, b) => order(a.at, b.at))
  const intervals: Interval[] = []
  let open: { readonly from: string | undefined } | undefined
  for (let i = 0; i < points.length; ) {
    const at = points[i]?.at
    let opens = false
    let closes: Point['closes']
    for (; i < points.length && order(points[i]?.at, at) === 0; i++) {
      const point = points[i]
      opens ||= point?.opens === true
      closes = closes === 'before' ? closes : (point?.closes ?? closes)
    }
    if (open !== undefined && closes !== undefined) {
      intervals.push(interval(open.from, at, closes === 'behind'))
      open = opens ? { from: at } : undefined
    } else if (open === undefined && opens) {
      if (closes === 'behind') intervals.push(interval(at, at, true))
      if (closes === undefined) open = { from: at }
    }
  }
  if (open !== undefined) intervals.push(interval(open.from, undefined, false))
  return intervals
}

function interval(from: string | undefined, to: string | undefined, inclusive: boolean): Interval {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }), inclusive }
}

function below(limit: string, intervals: readonly Interval[], scheme: VersionScheme): Interval[] {
  return intervals.flatMap(({ from, to, inclusive }) => {
    if (from !== undefined && scheme.compare(from, limit) >= 0) return []
    return to !== undefined && scheme.compare(to, limit) < 0 ? [interval(from, to, inclusive)] : [interval(from, limit, false)]
  })
}

/** `version` must be valid in the scheme. */
export function includes(intervals: readonly Interval[], version: string, scheme: VersionScheme): boolean {
  return intervals.some(({ from, to, inclusive }) => {
    if (from !== undefined && scheme.compare(version, from) < 0) return false
    if (to === undefined) return true
    const order = scheme.compare(version, to)
    return inclusive ? order <= 0 : order < 0
  })
}
