import { type Severity, severityOfScore } from '../model/severity.ts'
import { type CvssVersion, scoreOfVector } from './cvss.ts'
import type { OsvSeverity } from './osv.ts'

/** How severe a record is for one package. */
export interface Rating {
  readonly severity: Severity
  /** CVSS score in tenths, 0–100. */
  readonly tenths?: number
  /** The vector that gives the score. */
  readonly vector?: string
}

const VERSIONS: Readonly<Record<string, CvssVersion>> = { CVSS_V2: 2, CVSS_V3: 3, CVSS_V4: 4 }

const WORDS: ReadonlyMap<string, Severity> = new Map([
  ['critical', 'critical'],
  ['high', 'high'],
  ['moderate', 'moderate'],
  ['medium', 'moderate'],
  ['low', 'low'],
  ['negligible', 'low'],
  ['unimportant', 'low'],
])

/** Types whose score is a distribution's own word. */
const PRIORITIES: ReadonlySet<string> = new Set(['Ubuntu', 'Debian'])

const scores = new Map<string, number | undefined>()

function remembered(version: CvssVersion, vector: string): number | undefined {
  const key = `${version} ${vector}`
  if (scores.has(key)) return scores.get(key)
  if (scores.size >= 20_000) scores.clear()
  const score = scoreOfVector(version, vector)
  scores.set(key, score)
  return score
}

/**
 * The score is that of the newest CVSS version given (4, then 3, then 2), the highest where there are several of it. The word is the one
 * that the source shows to its readers (`word`; what `npm audit` prints), else the score's rating, else a distribution's own priority.
 */
export function rate(severities: readonly OsvSeverity[], word: string | undefined): Rating {
  let best: { version: CvssVersion; tenths: number; vector: string } | undefined
  for (const { type, score: vector } of severities) {
    const version = Object.hasOwn(VERSIONS, type) ? VERSIONS[type] : undefined
    const tenths = version === undefined ? undefined : remembered(version, vector)
    if (version === undefined || tenths === undefined) continue
    if (
      best === undefined ||
      version > best.version ||
      (version === best.version && (tenths > best.tenths || (tenths === best.tenths && vector < best.vector)))
    ) {
      best = { version, tenths, vector }
    }
  }
  const shown = WORDS.get(word?.toLowerCase() ?? '')
  if (best !== undefined) return { severity: shown ?? severityOfScore(best.tenths / 10), tenths: best.tenths, vector: best.vector }
  const priority = severities.flatMap(({ type, score }) => (PRIORITIES.has(type) ? (WORDS.get(score.toLowerCase()) ?? []) : []))
  return { severity: shown ?? priority[0] ?? 'unscored' }
}

/** What rates a record for one package: its own vectors, else those of the whole record, with the distribution's word behind either. */
export function severitiesFor(own: readonly OsvSeverity[], record: readonly OsvSeverity[]): readonly OsvSeverity[] {
  return own.some(({ type }) => type !== 'Debian') ? own : [...own, ...record]
}
