import type { Finding } from '../../model/finding.ts'
import type { PlannedFinding } from '../../model/plan.ts'
import type { ScanReport } from '../engine.ts'
import { EMPTY, heading, paragraph, table } from '../layout.ts'
import { type Line, line, span } from '../terminal.ts'
import { count } from '../words.ts'
import { advisoriesLine, isStale } from './advisories.ts'
import { type ComponentFindings, ofOutcome, pathLine, severityCounts } from './finding.ts'
import { openSections, section, sectionLines } from './open.ts'

/** Findings grouped as a person acts on them. */
export function scanView(report: ScanReport, now: Date, width: number): Line[] {
  const lines = [...scanHeader(report, now), EMPTY, summary(report.findings, report.partial)]
  if (report.planned) {
    const fixable = section('Fixable now', ofOutcome(report.planned, 'fixed'), component => via(component, report))
    lines.push(...sectionLines([fixable, ...openSections(report.planned, width, false)], width))
  } else if (report.findings.length > 0) {
    lines.push(...unplanned(report, width))
  }
  for (const note of report.notes) lines.push(EMPTY, ...paragraph(line(span('note: ', 'moderate'), note), width))
  return [...lines, ...next(report, now)]
}

export function scanHeader(report: ScanReport, now: Date): Line[] {
  return [
    line(
      span(report.target.id, 'name'),
      span(
        `  ${[report.target.platform ?? '', report.files.join(', '), count(report.components, 'component')].filter(part => part !== '').join(' · ')}`,
        'quiet',
      ),
    ),
    advisoriesLine(report.advisories, now),
  ]
}

/** `partial`: something could not be looked at, so nothing is called clean. */
export function summary(findings: readonly Finding[], partial = false): Line {
  const open = findings.filter(finding => !finding.ignored)
  const ignored = findings.length - open.length
  const aside = ignored > 0 ? ` · ${ignored} ignored` : ''
  if (open.length === 0 && partial)
    return line(span('No known vulnerabilities in the part that could be looked at', 'moderate'), span(aside, 'quiet'))
  if (open.length === 0) return line(span('✓ No known vulnerabilities', 'good'), span(aside, 'quiet'))
  const packages = new Set(open.map(finding => finding.name)).size
  return line(
    span(`${count(open.length, 'finding')} in ${count(packages, 'package')}`, 'strong'),
    ': ',
    ...severityCounts(open),
    span(aside, 'quiet'),
  )
}

function via(component: ComponentFindings, report: ScanReport): Line | string {
  const id = component.planned[0]?.finding.id
  const path = id === undefined ? undefined : report.paths[id]
  if (path === undefined) return ''
  const between = path.slice(0, -1).map(shortened)
  return between.length === 0 ? 'direct' : line(span('via ', 'quiet'), ...pathLine(between))
}

const LONGEST_STEP = 40

function shortened(step: string): string {
  return step.length > LONGEST_STEP ? `${step.slice(0, LONGEST_STEP - 1)}…` : step
}

/** Without registry metadata nobody can say what is fixable, so it is not said. */
function unplanned(report: ScanReport, width: number): Line[] {
  const planned = report.findings.map((finding): PlannedFinding => ({ finding, outcome: 'available', blockers: [] }))
  const open = planned.filter(item => !item.finding.ignored)
  return [
    ...sectionLines([section('Findings', open, component => via(component, report))], width),
    ...(report.target.kind === 'image'
      ? []
      : [EMPTY, ...paragraph('What can be fixed is not known: that takes registry metadata. Run it without --offline.', width)]),
  ]
}

function next(report: ScanReport, now: Date): Line[] {
  const fixable = report.planned ? ofOutcome(report.planned, 'fixed').length : 0
  const priced = report.planned ? ofOutcome(report.planned, 'available').length : 0
  const rows = []
  const on = report.target.kind === 'image' ? ` ${report.target.id}` : ''
  const means = report.target.kind === 'image' ? 'in one small layer' : 'by lock edits only'
  if (fixable > 0) rows.push([`suture fix${on}`, `makes ${count(fixable, 'fix', 'fixes')}, ${means}`])
  if (fixable + priced > 0) rows.push([`suture plan${on}`, 'shows every change, why, and the price of the rest'])
  if (report.findings.length > 0) rows.push([`suture explain <advisory|package>${on}`, 'tells the story of one'])
  if (isStale(report.advisories.newest, now)) rows.push(['suture db update', 'fetches newer advisories'])
  return rows.length === 0 ? [] : [EMPTY, heading('Next'), ...table(rows, [{ style: 'command' }, { wraps: true }], 200)]
}
