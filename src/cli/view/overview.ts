import type { ReceiptSummary, ScanReport } from '../engine.ts'
import { bar, EMPTY, heading, table } from '../layout.ts'
import { type Line, line, type Span, span } from '../terminal.ts'
import { ago, count } from '../words.ts'
import { isStale } from './advisories.ts'
import { byComponent, ofOutcome, severitySpan } from './finding.ts'
import { scanHeader, summary } from './scan.ts'

export interface OverviewOptions {
  readonly now: Date
  readonly width: number
  readonly receipts: readonly ReceiptSummary[]
}

const WORST_SHOWN = 5

/** A screenful: where the project stands, and what to do next. */
export function overviewView(report: ScanReport, { now, width, receipts }: OverviewOptions): Line[] {
  const lines = [...scanHeader(report, now), EMPTY, summary(report.findings)]
  if (report.planned) lines.push(...outcomes(report, width))
  const open = (report.planned ?? report.findings.map(finding => ({ finding, outcome: 'available', blockers: [] }) as const)).filter(
    item => !item.finding.ignored,
  )
  const components = byComponent(open)
  if (components.length > 0) {
    const rows = components
      .slice(0, WORST_SHOWN)
      .map(({ severity, name, version, planned }) => [
        severitySpan(severity),
        `${name} ${version}`,
        count(planned.length, 'advisory', 'advisories'),
        state(planned[0]?.outcome),
      ])
    lines.push(
      EMPTY,
      heading('Worst first', components.length > WORST_SHOWN ? `${WORST_SHOWN} of ${components.length}` : ''),
      ...table(rows, [{}, { style: 'name' }, { style: 'quiet' }, {}], width),
    )
  }
  const [latest] = receipts
  if (latest)
    lines.push(
      EMPTY,
      line(
        span(
          `Last fix ${ago(latest.created, now)}: ${count(latest.changes, 'change')} for ${count(latest.fixes, 'finding')} · ${latest.path}`,
          'quiet',
        ),
      ),
    )
  return [...lines, EMPTY, heading('Next'), ...table(steps(report, now, latest), [{ style: 'command' }, { wraps: true }], width)]
}

const STATES: Readonly<Record<string, Span>> = {
  fixed: span('fixable now', 'good'),
  available: span('at a price', 'moderate'),
  blocked: span('blocked', 'bad'),
  'no-fix': span('no fix published', 'bad'),
}

function state(outcome: string | undefined): Span {
  return (outcome === undefined ? undefined : STATES[outcome]) ?? span('')
}

function outcomes({ planned = [] }: ScanReport, width: number): Line[] {
  const open = planned.filter(item => item.outcome !== 'ignored')
  const rows = (['fixed', 'available', 'blocked', 'no-fix'] as const).flatMap(outcome => {
    const number = ofOutcome(open, outcome).length
    return number === 0
      ? []
      : [[state(outcome), String(number), line(span(bar(number / open.length, Math.min(width - 40, 40)), STATES[outcome]?.style))]]
  })
  return table(rows, [{}, { align: 'right' }, {}], width)
}

function steps(report: ScanReport, now: Date, latest: ReceiptSummary | undefined): string[][] {
  const planned = report.planned ?? []
  const fixable = ofOutcome(planned, 'fixed').length
  const rows: string[][] = []
  if (fixable > 0) rows.push(['suture fix', `fix ${fixable} now, by lock edits only; verified, with a way back`])
  if (ofOutcome(planned, 'available').length > 0) rows.push(['suture plan --budget all', 'see what the rest would cost'])
  if (report.findings.length > 0) rows.push(['suture scan', 'see every finding'])
  if (latest) rows.push(['suture undo', 'take the last fix back'])
  if (isStale(report.advisories.newest, now)) rows.push(['suture db update', 'fetch newer advisories'])
  if (rows.length === 0) rows.push(['suture scan', 'run it again when advisories are newer'])
  return rows
}

/** Shown where there is nothing to read. */
export function welcomeView(folder: string, width: number): Line[] {
  const rows = [
    ['suture scan <folder>', 'what is vulnerable, and what can be done about it'],
    ['suture plan <folder>', 'the smallest change that fixes it, and the price of the rest'],
    ['suture fix <folder>', 'make that change, prove it, and keep a way back'],
    ['suture --help', 'everything else'],
  ]
  return [
    line(span('Suture', 'name'), ': the smallest change that fixes it, and nothing else.'),
    EMPTY,
    line(`There is no package-lock.json or npm-shrinkwrap.json in ${folder}.`),
    EMPTY,
    ...table(rows, [{ style: 'command' }, { wraps: true }], width),
  ]
}
