/**
 * Does the same with every item, at most `most` at a time, and gives the results in the order of the items. After a failure no further
 * item is begun; what runs is waited for, so that nothing goes on behind the caller's back. Throws the failure that stands first.
 */
export async function severalAtOnce<T, R>(
  items: readonly T[],
  most: number,
  act: (item: T, at: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  const failures = new Map<number, unknown>()
  const waiting = items.entries()
  const work = async (): Promise<void> => {
    for (const [at, item] of waiting) {
      try {
        results[at] = await act(item, at)
      } catch (failure) {
        failures.set(at, failure)
      }
      if (failures.size > 0) return
    }
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work))
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()))
  return results
}
