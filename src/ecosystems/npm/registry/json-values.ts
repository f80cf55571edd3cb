/** Questions about values that came from outside. Objects keep their own keys only: `__proto__` is a key like any other. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function ownValue(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

/** Text a lockfile may hold: bounded and without control characters. */
export function isPlainText(value: unknown, longest = 4096): value is string {
  return typeof value === 'string' && value.length <= longest && !/[\u0000-\u001f\u007f-\u009f]/.test(value)
}

/** An object without a prototype, so that no key of it is inherited. */
export function plainRecord<Value>(entries: Iterable<readonly [string, Value]>): Readonly<Record<string, Value>> {
  const record: Record<string, Value> = Object.create(null)
  for (const [key, value] of entries) record[key] = value
  return record
}
