/** Base score of a CVSS 3.0 or 3.1 vector, in tenths. Source: CVSS 3.1 specification, sections 7.1 and 7.4, appendix A. */
const WEIGHTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
  I: { H: 0.56, L: 0.22, N: 0 },
  A: { H: 0.56, L: 0.22, N: 0 },
}
const PRIVILEGES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  U: { N: 0.85, L: 0.62, H: 0.27 },
  C: { N: 0.85, L: 0.68, H: 0.5 },
}

/** Undefined when a base metric is missing or has no such value. */
export function scoreOfCvss3(metrics: ReadonlyMap<string, string>): number | undefined {
  const weight = (metric: string): number => WEIGHTS[metric]?.[metrics.get(metric) ?? ''] ?? Number.NaN
  const scope = metrics.get('S') ?? ''
  const privileges = PRIVILEGES[scope]?.[metrics.get('PR') ?? ''] ?? Number.NaN
  const inner = 1 - (1 - weight('C')) * (1 - weight('I')) * (1 - weight('A'))
  const changed = scope === 'C'
  const impact = changed ? 7.52 * (inner - 0.029) - 3.25 * (inner - 0.02) ** 15 : 6.42 * inner
  const exploitability = 8.22 * weight('AV') * weight('AC') * privileges * weight('UI')
  if (Number.isNaN(impact) || Number.isNaN(exploitability)) return undefined
  if (impact <= 0) return 0
  return roundUp(Math.min((changed ? 1.08 : 1) * (impact + exploitability), 10))
}

/** "Roundup" in integers, so that floating point cannot push a score one tenth up (appendix A). */
function roundUp(score: number): number {
  const units = Math.round(score * 100_000)
  return units % 10_000 === 0 ? units / 10_000 : Math.floor(units / 10_000) + 1
}
