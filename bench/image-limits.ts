/** What was measured, held against what was wished: on a machine that others use too, the fastest run says most about the program. */
export interface Limit {
  readonly seconds?: number
  readonly cpuSeconds?: number
  readonly peakMB?: number
}

export interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMB: number
}

/** The least of both times and the highest peak; they may come from different runs. */
export function fastest(runs: readonly Cost[]): Cost {
  return {
    seconds: Math.min(...runs.map(({ seconds }) => seconds)),
    cpuSeconds: Math.min(...runs.map(({ cpuSeconds }) => cpuSeconds)),
    peakMB: Math.max(...runs.map(({ peakMB }) => peakMB)),
  }
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** Two cells: the target, and whether it is met. */
export function verdict(cost: Cost, limit: Limit | undefined): string[] {
  if (limit === undefined) return ['', '']
  const parts: [text: string, met: boolean, name: string][] = []
  const { seconds, cpuSeconds, peakMB } = limit
  if (seconds !== undefined) parts.push([`${seconds} s`, cost.seconds <= seconds, 'time'])
  if (cpuSeconds !== undefined) parts.push([`${cpuSeconds} s of processor`, cost.cpuSeconds <= cpuSeconds, 'processor'])
  if (peakMB !== undefined) parts.push([`${peakMB} MB`, cost.peakMB <= peakMB, 'memory'])
  const missed = parts.filter(([, met]) => !met).map(([, , name]) => name)
  return [parts.map(([text]) => text).join(', '), missed.length === 0 ? 'yes' : `**missed: ${missed.join(', ')}**`]
}
