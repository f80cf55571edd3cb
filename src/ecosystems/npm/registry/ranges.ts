import { isPlainText, isRecord, plainRecord } from './json-values.ts'
import { isPackageName } from './package-name.ts'

/** Name → range, names in order, without a prototype. */
export type Ranges = Readonly<Record<string, string>>

/** The one record that is empty, so that it is known by identity. */
export const NO_RANGES: Ranges = plainRecord([])

/** No honest version needs nearly as many; each would be asked for. */
const MOST_NEEDS = 2_000

/** Undefined when the value is no such list, or has a name or range that cannot be one. */
export function readRanges(value: unknown): Ranges | undefined {
  if (value === undefined || value === null) return NO_RANGES
  if (!isRecord(value)) return Array.isArray(value) && value.length === 0 ? NO_RANGES : undefined
  const entries = Object.entries(value)
  if (entries.length > MOST_NEEDS) return undefined
  const ranges: (readonly [string, string])[] = []
  for (const [name, range] of entries) {
    if (!isPackageName(name) || !isPlainText(range, 2048)) return undefined
    ranges.push([name, range])
  }
  return ranges.length === 0 ? NO_RANGES : plainRecord(ranges.sort(([left], [right]) => (left < right ? -1 : 1)))
}

export type ReadRanges = (field: string, value: unknown) => Ranges | undefined

/**
 * For the versions of one package, in a row: most need exactly what the one before needed. Such a list is not checked
 * again, and both share one object, by which the packing knows it.
 */
export function readRangesInARow(): ReadRanges {
  const last = new Map<string, { readonly value: Readonly<Record<string, unknown>>; readonly ranges: Ranges | undefined }>()
  return (field, value) => {
    if (!isRecord(value)) return readRanges(value)
    const before = last.get(field)
    if (before !== undefined && hasSameEntries(before.value, value)) return before.ranges
    const ranges = readRanges(value)
    last.set(field, { value, ranges })
    return ranges
  }
}

function hasSameEntries(left: Readonly<Record<string, unknown>>, right: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(left)
  const others = Object.keys(right)
  return names.length === others.length && names.every((name, index) => name === others[index] && left[name] === right[name])
}
