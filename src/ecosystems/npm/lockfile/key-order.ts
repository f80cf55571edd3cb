import type { MemberOrder } from '../../../text/json-edits.ts'
import type { JsonValue } from '../../../text/json-source.ts'

/**
 * The order in which npm prints the members of every object in a lockfile: first what is not an object (arrays count as not),
 * then objects; within each, these keys before all others; the rest by the collation of the `en` locale.
 */
const FIRST = ['name', 'version', 'lockfileVersion', 'resolved', 'integrity', 'requires', 'packages', 'dependencies']
const collator = new Intl.Collator('en')

export const npmKeyOrder: MemberOrder = (a, b) => {
  if (a.isObject !== b.isObject) return a.isObject ? 1 : -1
  const first = FIRST.indexOf(a.key)
  const second = FIRST.indexOf(b.key)
  if (first >= 0 || second >= 0) return (first < 0 ? FIRST.length : first) - (second < 0 ? FIRST.length : second)
  return collator.compare(a.key, b.key)
}

/** The same value with every object's members in npm's order. */
export function inNpmOrder(value: JsonValue): JsonValue {
  if (!isRecord(value)) return value
  const members = Object.entries(value).map(([key, item]) => ({ key, item, isObject: isRecord(item) }))
  return recordOf(members.sort(npmKeyOrder).map(({ key, item }) => [key, inNpmOrder(item)]))
}

export type JsonRecord = { readonly [key: string]: JsonValue }

export function isRecord(value: JsonValue | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object without a prototype, members in the given order. */
export function recordOf(entries: Iterable<readonly [string, JsonValue]>): JsonRecord {
  const record: { [key: string]: JsonValue } = Object.create(null)
  for (const [key, value] of entries) record[key] = value
  return record
}
