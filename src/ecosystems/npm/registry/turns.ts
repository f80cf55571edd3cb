/** Lets at most so many tasks run at a time, in the order they came. */
export function openTurns(most: number): <Result>(task: () => Promise<Result>) => Promise<Result> {
  let running = 0
  const waiting: (() => void)[] = []
  return async task => {
    if (running >= most) await new Promise<void>(resolve => waiting.push(resolve))
    else running++
    try {
      return await task()
    } finally {
      // The turn goes to the next in line, or back.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
