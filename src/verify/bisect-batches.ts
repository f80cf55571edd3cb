import { Fault } from '../model/faults.ts'

/**
 * Keeps as many batches as pass together and names the rest. All at once is tried first. When that fails, the shortest failing
 * prefix is found by halving: its last batch is guilty, the ones before it are kept, and the search goes on behind it; so one
 * guilty batch costs about log2(n) + 1 runs, and of two that are bad only together the later one is guilty. At the end a guilty
 * batch gets a second hearing where something was kept after its trial, because it may have needed just that.
 *
 * What is returned was tried as it stands: `kept` passed as a whole, and `kept` with any one guilty batch failed.
 * `passes` always gets batches in their order. Faults: `checks-failed` when not even nothing passes.
 */
export async function bisectBatches<T>(
  batches: readonly T[],
  passes: (kept: readonly T[]) => Promise<boolean>,
): Promise<{ readonly kept: T[]; readonly guilty: T[] }> {
  const batchesAt = (places: readonly number[]) => places.flatMap(place => batches.slice(place, place + 1))
  const tried = new Map<string, boolean>()
  const pass = async (places: readonly number[]): Promise<boolean> => {
    const key = places.join()
    const known = tried.get(key)
    if (known !== undefined) return known
    const passed = await passes(batchesAt(places))
    tried.set(key, passed)
    return passed
  }

  if (!(await pass([]))) throw new Fault('checks-failed', 'The checks fail before anything is changed.')
  const kept: number[] = []
  const guilty: number[] = []
  let open = batches.map((_, place) => place)
  while (open.length > 0 && !(await pass([...kept, ...open]))) {
    let good = 0
    let bad = open.length
    while (bad - good > 1) {
      const middle = (good + bad) >> 1
      if (await pass([...kept, ...open.slice(0, middle)])) good = middle
      else bad = middle
    }
    kept.push(...open.slice(0, good))
    guilty.push(...open.slice(good, bad))
    open = open.slice(bad)
  }
  kept.push(...open)
  for (let index = 0; index < guilty.length; index++) {
    const place = guilty[index]
    if (place === undefined) break
    const together = [...kept, place].sort((a, b) => a - b)
    if (!(await pass(together))) continue
    kept.splice(0, kept.length, ...together)
    guilty.splice(index, 1)
    index = -1
  }
  return { kept: batchesAt(kept), guilty: batchesAt(guilty) }
}
