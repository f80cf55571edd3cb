/** Base score of a CVSS 2.0 vector, in tenths. Source: "A Complete Guide to CVSS 2.0", section 3.2.1. */
const WEIGHTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { L: 0.395, A: 0.646, N: 1 },
  AC: { H: 0.35, M: 0.61, L: 0.71 },
  Au: { M: 0.45, S: 0.56, N: 0.704 },
  C: { N: 0, P: 0.275, C: 0.66 },
  I: { N: 0, P: 0.275, C: 0.66 },
  A: { N: 0, P: 0.275, C: 0.66 },
}

/** Undefined when a base metric is missing or has no such value. */
export function scoreOfCvss2(metrics: ReadonlyMap<string, string>): number | undefined {
  const weight = (metric: string): number => WEIGHTS[metric]?.[metrics.get(metric) ?? ''] ?? Number.NaN
  const impact = 10.41 * (1 - (1 - weight('C')) * (1 - weight('I')) * (1 - weight('A')))
  const exploitability = 20 * weight('AV') * weight('AC') * weight('Au')
  if (Number.isNaN(impact) || Number.isNaN(exploitability)) return undefined
  const base = (0.6 * impact + 0.4 * exploitability - 1.5) * (impact === 0 ? 0 : 1.176)
  return Math.round(base * 10)
}
