/** How findings are named and grouped on a screen: one row per thing to do, which is a package version with all its advisories. */
import type { Finding } from '../../model/finding.ts'
import type { Blocker, FindingOutcome, PlannedFinding, Price } from '../../model/plan.ts'
import { SEVERITIES, type Severity } from '../../model/severity.ts'
import { type Line, line, type Span, type Style, span } from '../terminal.ts'
import { count } from '../words.ts'

export interface ComponentFindings {
  readonly name: string
  readonly version: string
  readonly severity: Severity
  readonly planned: readonly PlannedFinding[]
}

const STYLES: Record<Severity, Style> = { critical: 'critical', high: 'high', moderate: 'moderate', low: 'low', unscored: 'quiet' }

export function severitySpan(severity: Severity): Span {
  return span(severity, STYLES[severity])
}

/** The id that people look up: GHSA, then CVE, then whatever the record calls itself. */
export function preferredId(finding: Pick<Finding, 'group' | 'ids'>): string {
  return finding.ids.find(id => id.startsWith('GHSA-')) ?? finding.ids.find(id => id.startsWith('CVE-')) ?? finding.group
}

/** By `name@version`, worst first, then by name. */
export function byComponent(planned: readonly PlannedFinding[]): ComponentFindings[] {
  const groups = new Map<string, PlannedFinding[]>()
  for (const item of planned) {
    const key = `${item.finding.name}@${item.finding.version}`
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  const rows = [...groups.values()].flatMap(group => {
    const [first] = group
    if (first === undefined) return []
    return [
      {
        name: first.finding.name,
        version: first.finding.version,
        severity: worst(group.map(item => item.finding.severity)),
        planned: group,
      },
    ]
  })
  return rows.sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || compareText(a.name, b.name) || compareText(a.version, b.version),
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function worst(severities: readonly Severity[]): Severity {
  return SEVERITIES.find(severity => severities.includes(severity)) ?? 'unscored'
}

export function ofOutcome(planned: readonly PlannedFinding[], outcome: FindingOutcome): PlannedFinding[] {
  return planned.filter(item => item.outcome === outcome)
}

/** `GHSA-… +2`. */
export function advisoryList(planned: readonly PlannedFinding[]): string {
  const [first, ...others] = planned.map(item => preferredId(item.finding))
  return others.length > 0 ? `${first} +${others.length}` : (first ?? '')
}

/** `3 critical · 21 high`: severities that occur, worst first. */
export function severityCounts(findings: readonly Pick<Finding, 'severity'>[]): Line {
  const spans: Span[] = []
  for (const severity of SEVERITIES) {
    const number = findings.filter(finding => finding.severity === severity).length
    if (number === 0) continue
    if (spans.length > 0) spans.push(span(' · ', 'quiet'))
    spans.push(span(`${number} ${severity}`, STYLES[severity]))
  }
  return spans
}

/** `2 new versions, 1 breaking line`. */
export function priceText(price: Price): string {
  const parts = [count(price.newVersions, 'new version')]
  if (price.breakingLines > 0) parts.push(count(price.breakingLines, 'breaking line'))
  if (price.manifestEdits > 0) parts.push(count(price.manifestEdits, 'manifest edit'))
  return parts.join(', ')
}

/** Prices differ between the findings of one package version: the dearest removes them all. */
export function dearest(planned: readonly PlannedFinding[]): Price | undefined {
  const prices = planned.flatMap(item => (item.price ? [item.price] : []))
  return prices.sort((a, b) => b.manifestEdits - a.manifestEdits || b.breakingLines - a.breakingLines || b.newVersions - a.newVersions)[0]
}

/** One sentence per distinct range that holds these findings. */
export function blockersOf(planned: readonly PlannedFinding[]): Blocker[] {
  const distinct = new Map<string, Blocker>()
  for (const blocker of planned.flatMap(item => item.blockers)) {
    const key = JSON.stringify([blocker.owner, blocker.declares, blocker.range])
    if (!distinct.has(key)) distinct.set(key, blocker)
  }
  return [...distinct.values()]
}

/** `express@4.16.0 › qs@6.5.1`, long chains shortened in the middle. */
export function pathLine(path: readonly string[]): Line {
  const shown = path.length > 6 ? [...path.slice(0, 3), '…', ...path.slice(-2)] : path
  return line(span(shown.join(' › '), 'quiet'))
}
