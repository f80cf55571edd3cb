/** What stays open, with the price and the flag that buys it, or the range that holds it. */
import type { Blocker, PlannedFinding } from '../../model/plan.ts'
import { type Cell, EMPTY, heading, paragraph, tableRows } from '../layout.ts'
import { type Line, line, span } from '../terminal.ts'
import { count } from '../words.ts'
import {
  advisoryList,
  blockersOf,
  byComponent,
  type ComponentFindings,
  dearest,
  ofOutcome,
  pathLine,
  priceText,
  severitySpan,
} from './finding.ts'

/** A heading and a row for each component; `below` follows its row. */
export interface Section {
  readonly title: string
  readonly findings: number
  readonly rows: readonly { readonly cells: readonly Cell[]; readonly below?: readonly Line[] }[]
}

const COLUMNS = [{}, { style: 'name' }, { style: 'quiet' }, { wraps: true }] as const

/** Lays sections out with the same columns all through; those without findings are left out. */
export function sectionLines(sections: readonly Section[], width: number): Line[] {
  const shown = sections.filter(section => section.findings > 0)
  const rendered = tableRows(
    shown.flatMap(section => section.rows.map(row => row.cells)),
    COLUMNS,
    width,
  )
  let next = 0
  return shown.flatMap(({ title, findings, rows }) => [
    EMPTY,
    heading(title, count(findings, 'finding')),
    ...rows.flatMap(({ below = [] }) => [...(rendered[next++] ?? []), ...below]),
  ])
}

export function section(title: string, planned: readonly PlannedFinding[], remark: (component: ComponentFindings) => Cell): Section {
  const rows = byComponent(planned).map(component => ({ cells: [...identity(component), remark(component)] }))
  return { title, findings: planned.length, rows }
}

function identity(component: ComponentFindings): Cell[] {
  return [severitySpan(component.severity), `${component.name} ${component.version}`, advisoryList(component.planned)]
}

/** `paths`: show the whole path and the remedy of each blocker below its row. */
export function openSections(planned: readonly PlannedFinding[], width: number, paths: boolean): Section[] {
  const blocked = ofOutcome(planned, 'blocked')
  return [
    section('Fixable at a price', ofOutcome(planned, 'available'), price),
    paths ? blockedInFull(blocked, width) : section('Blocked', blocked, holders),
    section('No fix published', ofOutcome(planned, 'no-fix'), () => 'no clean version exists yet'),
    section('Ignored', ofOutcome(planned, 'ignored'), ignoredBecause),
  ]
}

function price(component: ComponentFindings): Cell {
  const found = dearest(component.planned)
  if (found === undefined) return ''
  return found.flag === undefined ? priceText(found) : line(`${priceText(found)}  `, span(found.flag, 'command'))
}

function holders(component: ComponentFindings): string {
  const [first, ...others] = blockersOf(component.planned)
  if (first === undefined) return ''
  // What is brought is named by its row already; where it lies is what is asked next.
  if (first.brings) return `${first.path.join(' › ')}${others.length > 0 ? `, and ${count(others.length, 'other layer')}` : ''}`
  return `${first.owner} ${verb(first)} ${first.declares} ${first.range}${others.length > 0 ? `, and ${count(others.length, 'other range')}` : ''}`
}

function verb({ brings }: Blocker): string {
  return brings ? 'brings' : 'asks for'
}

function blockedInFull(blocked: readonly PlannedFinding[], width: number): Section {
  const rows = byComponent(blocked).map(component => ({ cells: identity(component), below: blockerLines(component.planned, width, 4) }))
  return { title: 'Blocked', findings: blocked.length, rows }
}

const MOST_BLOCKERS = 5

/** Who holds it, by which path, and what would have to happen. */
export function blockerLines(planned: readonly PlannedFinding[], width: number, indent: number): Line[] {
  const blockers = blockersOf(planned)
  const lines = blockers
    .slice(0, MOST_BLOCKERS)
    .flatMap(blocker => [
      ...paragraph(line(`↳ ${blocker.owner} ${verb(blocker)} ${blocker.declares} `, span(blocker.range, 'strong')), width, indent),
      ...paragraph(pathLine(blocker.path), width, indent + 2),
      ...paragraph(blocker.remedy, width, indent + 2),
    ])
  const more = blockers.length - MOST_BLOCKERS
  return more > 0 ? [...lines, ...paragraph(line(span(`and ${count(more, 'other range')}`, 'quiet')), width, indent)] : lines
}

function ignoredBecause(component: ComponentFindings): string {
  const ignored = component.planned.find(item => item.finding.ignored)?.finding.ignored
  return `${ignored?.reason ?? ''}${ignored?.expires ? ` (until ${ignored.expires})` : ''}`
}
