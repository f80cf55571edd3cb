/**
 * Score of a CVSS 4.0 vector, in tenths, with the threat and environmental metrics that it carries. Source: CVSS 4.0 specification, section 8.2.
 *
 * A vector belongs to a macrovector (one level in each of six equivalence classes) that has a score. Within it, the vector lies some
 * steps below the most severe vectors of each class; the score falls by the mean, over the classes that have a lower level, of
 * (distance in steps / depth of the class) × (score difference to the next lower level). EQ3 and EQ6 count as one class.
 */
import { MACROVECTOR_SCORES } from './cvss4-table.ts'

/** Values of each metric, most severe first. */
const ORDER: Readonly<Record<string, string>> = {
  AV: 'NALP',
  AC: 'LH',
  AT: 'NP',
  PR: 'NLH',
  UI: 'NPA',
  VC: 'HLN',
  VI: 'HLN',
  VA: 'HLN',
  SC: 'HLN',
  SI: 'SHLN',
  SA: 'SHLN',
  E: 'APU',
  CR: 'HML',
  IR: 'HML',
  AR: 'HML',
}
const BASE = ['AV', 'AC', 'AT', 'PR', 'UI', 'VC', 'VI', 'VA', 'SC', 'SI', 'SA'] as const
const DEFAULTS: Readonly<Record<string, string>> = { E: 'A', CR: 'H', IR: 'H', AR: 'H' }

interface EquivalenceClass {
  readonly metrics: readonly string[]
  /** By level: the most severe vectors, as one value a metric. */
  readonly highest: Readonly<Record<string, readonly string[]>>
  /** By level: how many steps a vector may lie below, and one more. */
  readonly depth: Readonly<Record<string, number>>
}

const EQ1: EquivalenceClass = {
  metrics: ['AV', 'PR', 'UI'],
  highest: { 0: ['NNN'], 1: ['ANN', 'NLN', 'NNP'], 2: ['PNN', 'ALP'] },
  depth: { 0: 1, 1: 4, 2: 5 },
}
const EQ2: EquivalenceClass = { metrics: ['AC', 'AT'], highest: { 0: ['LN'], 1: ['HN', 'LP'] }, depth: { 0: 1, 1: 2 } }
const EQ3_EQ6: EquivalenceClass = {
  metrics: ['VC', 'VI', 'VA', 'CR', 'IR', 'AR'],
  highest: {
    '00': ['HHHHHH'],
    '01': ['HHLMMH', 'HHHMMM'],
    '10': ['LHHHHH', 'HLHHHH'],
    '11': ['LHLHMH', 'LHHHMM', 'HLHMHM', 'HLLMHH', 'LLHHHM'],
    '21': ['LLLHHH'],
  },
  depth: { '00': 7, '01': 6, '10': 8, '11': 8, '21': 10 },
}
const EQ4: EquivalenceClass = { metrics: ['SC', 'SI', 'SA'], highest: { 0: ['HSS'], 1: ['HHH'], 2: ['LLL'] }, depth: { 0: 6, 1: 5, 2: 4 } }

/** Undefined when a base metric is missing or a metric has no such value. */
export function scoreOfCvss4(metrics: ReadonlyMap<string, string>): number | undefined {
  const values = new Map<string, string>()
  for (const metric of BASE) {
    const modified = metrics.get(`M${metric}`)
    if (!allowed(metric, metrics.get(metric))) return undefined
    if (modified !== undefined && modified !== 'X' && !allowed(metric, modified, true)) return undefined
    values.set(metric, (modified === 'X' ? undefined : modified) ?? metrics.get(metric) ?? '')
  }
  for (const [metric, worst] of Object.entries(DEFAULTS)) {
    const value = metrics.get(metric) ?? 'X'
    if (value !== 'X' && !allowed(metric, value)) return undefined
    values.set(metric, value === 'X' ? worst : value)
  }
  return scoreOf(metric => values.get(metric) ?? '')
}

/** `S` (safety) exists among the modified metrics only. */
function allowed(metric: string, value: string | undefined, modified = false): boolean {
  return value?.length === 1 && (ORDER[metric] ?? '').includes(value) && (modified || value !== 'S')
}

function scoreOf(value: (metric: string) => string): number {
  if (['VC', 'VI', 'VA', 'SC', 'SI', 'SA'].every(metric => value(metric) === 'N')) return 0
  const levels = levelsOf(value)
  const [eq1, eq2, eq3, eq4, eq5, eq6] = levels
  const top = macroScore(levels) ?? 0
  const lower = (...next: Levels): number | undefined => macroScore(next)
  const below36 = [lower(eq1, eq2, eq3 + 1, eq4, eq5, eq6), lower(eq1, eq2, eq3, eq4, eq5, eq6 + 1)].filter(score => score !== undefined)
  const falls = [
    { below: lower(eq1 + 1, eq2, eq3, eq4, eq5, eq6), share: share(EQ1, `${eq1}`, value) },
    { below: lower(eq1, eq2 + 1, eq3, eq4, eq5, eq6), share: share(EQ2, `${eq2}`, value) },
    { below: below36.length > 0 ? Math.max(...below36) : undefined, share: share(EQ3_EQ6, `${eq3}${eq6}`, value) },
    { below: lower(eq1, eq2, eq3, eq4 + 1, eq5, eq6), share: share(EQ4, `${eq4}`, value) },
    // EQ5 has one metric: every vector is the highest of its level.
    { below: lower(eq1, eq2, eq3, eq4, eq5 + 1, eq6), share: 0 },
  ].flatMap(({ below, share }) => (below === undefined ? [] : [(top - below) * share]))
  const mean = falls.length > 0 ? falls.reduce((sum, fall) => sum + fall, 0) / falls.length : 0
  return Math.min(100, Math.max(0, Math.round(top - mean + 1e-6)))
}

type Levels = readonly [eq1: number, eq2: number, eq3: number, eq4: number, eq5: number, eq6: number]

/** Tables 24 to 29. */
function levelsOf(value: (metric: string) => string): Levels {
  const is = (metric: string, wanted: string): boolean => value(metric) === wanted
  const [network, unprivileged, unaided] = [is('AV', 'N'), is('PR', 'N'), is('UI', 'N')]
  const eq1 = network && unprivileged && unaided ? 0 : (network || unprivileged || unaided) && !is('AV', 'P') ? 1 : 2
  const eq2 = is('AC', 'L') && is('AT', 'N') ? 0 : 1
  const eq3 = is('VC', 'H') && is('VI', 'H') ? 0 : is('VC', 'H') || is('VI', 'H') || is('VA', 'H') ? 1 : 2
  const eq4 = is('SI', 'S') || is('SA', 'S') ? 0 : is('SC', 'H') || is('SI', 'H') || is('SA', 'H') ? 1 : 2
  const eq5 = Math.max(0, 'APU'.indexOf(value('E')))
  const eq6 = (is('CR', 'H') && is('VC', 'H')) || (is('IR', 'H') && is('VI', 'H')) || (is('AR', 'H') && is('VA', 'H')) ? 0 : 1
  return [eq1, eq2, eq3, eq4, eq5, eq6]
}

function macroScore([eq1, eq2, eq3, eq4, eq5, eq6]: Levels): number | undefined {
  if (eq4 > 2 || eq5 > 2 || eq6 > 1 || (eq3 === 2 && eq6 === 0)) return undefined
  const column = eq3 === 2 ? eq4 * 3 + eq5 : eq4 * 6 + eq5 * 2 + eq6
  return MACROVECTOR_SCORES[`${eq1}${eq2}${eq3}`]?.[column]
}

/** How far the vector lies below the first of the level's most severe vectors that is not less severe in any metric. */
function share(equivalence: EquivalenceClass, level: string, value: (metric: string) => string): number {
  for (const highest of equivalence.highest[level] ?? []) {
    const distances = equivalence.metrics.map((metric, i) => {
      const order = ORDER[metric] ?? ''
      return order.indexOf(value(metric)) - order.indexOf(highest[i] ?? '')
    })
    if (distances.every(distance => distance >= 0))
      return distances.reduce((sum, distance) => sum + distance, 0) / (equivalence.depth[level] ?? 1)
  }
  return 0
}
