/** Severity words, most severe first. `unscored`: the advisory carries neither a score nor a word. */
export const SEVERITIES = ['critical', 'high', 'moderate', 'low', 'unscored'] as const

export type Severity = (typeof SEVERITIES)[number]

export type SeverityWeights = Readonly<Record<Severity, number>>

/** The CVSS qualitative rating scale, identical in v3.0, v3.1 and v4.0; 0.0 counts as low. Source: CVSS v4.0 specification, section 6. */
export function severityOfScore(score: number): Exclude<Severity, 'unscored'> {
  if (score >= 9) return 'critical'
  if (score >= 7) return 'high'
  if (score >= 4) return 'moderate'
  return 'low'
}
