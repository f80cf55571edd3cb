import { scoreOfCvss2 } from './cvss2.ts'
import { scoreOfCvss3 } from './cvss3.ts'
import { scoreOfCvss4 } from './cvss4.ts'

export type CvssVersion = 2 | 3 | 4

const LONGEST = 512

/** The score in tenths (0–100) of a vector of the given version; undefined when it is not one. */
export function scoreOfVector(version: CvssVersion, vector: string): number | undefined {
  if (vector.length > LONGEST) return undefined
  const parts = vector.split('/')
  const prefix = version === 2 ? undefined : parts.shift()
  if (version === 3 && prefix !== 'CVSS:3.0' && prefix !== 'CVSS:3.1') return undefined
  if (version === 4 && prefix !== 'CVSS:4.0') return undefined
  const metrics = new Map<string, string>()
  for (const part of parts) {
    const [metric, value, more] = part.split(':')
    if (!metric || !value || more !== undefined || metrics.has(metric)) return undefined
    metrics.set(metric, value)
  }
  if (version === 2) return scoreOfCvss2(metrics)
  return version === 3 ? scoreOfCvss3(metrics) : scoreOfCvss4(metrics)
}
