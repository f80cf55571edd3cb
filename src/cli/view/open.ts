/** What stays open, with the price and the flag that buys it, or the range that holds it. */
import type { PlannedFinding } from '../../model/plan.ts'
import { EMPTY, heading, paragraph, table } from '../layout.ts'
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

export interface OpenOptions {
  readonly width: number
  /** Show the whole path and the remedy of each blocker. */
  readonly paths: boolean
}

export function openSections(planned: readonly PlannedFinding[], options: OpenOptions): Line[] {
  return [
    ...availableSection(planned, options.width),
    ...blockedSection(planned, options),
    ...noFixSection(planned, options.width),
    ...ignoredSection(planned, options.width),
  ]
}

function availableSection(planned: readonly PlannedFinding[], width: number): Line[] {
  const found = ofOutcome(planned, 'available')
  const rows = byComponent(found).map(component => {
    const price = dearest(component.planned)
    const what = price ? priceText(price) : ''
    return [...identity(component), price?.flag ? line(`${what}  `, span(price.flag, 'command')) : what]
  })
  return section('Fixable at a price', found.length, rows, width)
}

function blockedSection(planned: readonly PlannedFinding[], { width, paths }: OpenOptions): Line[] {
  const found = ofOutcome(planned, 'blocked')
  if (found.length === 0) return []
  const lines: Line[] = [EMPTY, heading('Blocked', count(found.length, 'finding'))]
  const components = byComponent(found)
  const rows = components.map(component => [...identity(component), paths ? '' : holders(component)])
  const rendered = table(rows, COLUMNS, width)
  if (!paths) return [...lines, ...rendered]
  for (const component of components) {
    lines.push(...table([identity(component)], COLUMNS.slice(0, 3), width))
    for (const blocker of blockersOf(component.planned)) {
      lines.push(...paragraph(line(`↳ ${blocker.owner} asks for ${blocker.declares} `, span(blocker.range, 'strong')), width, 6))
      lines.push(...paragraph(pathLine(blocker.path), width, 8))
      lines.push(...paragraph(blocker.remedy, width, 8))
    }
  }
  return lines
}

function holders(component: ComponentFindings): string {
  const [first, ...others] = blockersOf(component.planned)
  if (first === undefined) return ''
  return `${first.owner} asks for ${first.declares} ${first.range}${others.length > 0 ? `, and ${count(others.length, 'other range')}` : ''}`
}

function noFixSection(planned: readonly PlannedFinding[], width: number): Line[] {
  const found = ofOutcome(planned, 'no-fix')
  const rows = byComponent(found).map(component => [...identity(component), 'no clean version exists yet'])
  return section('No fix published', found.length, rows, width)
}

function ignoredSection(planned: readonly PlannedFinding[], width: number): Line[] {
  const found = ofOutcome(planned, 'ignored')
  const rows = byComponent(found).map(component => {
    const ignored = component.planned.find(item => item.finding.ignored)?.finding.ignored
    return [...identity(component), `${ignored?.reason ?? ''}${ignored?.expires ? ` (until ${ignored.expires})` : ''}`]
  })
  return section('Ignored', found.length, rows, width)
}

const COLUMNS = [{}, { style: 'name' }, { style: 'quiet' }, { wraps: true }] as const

export function identity(component: ComponentFindings) {
  return [severitySpan(component.severity), `${component.name} ${component.version}`, advisoryList(component.planned)] as const
}

export function section(title: string, findings: number, rows: Parameters<typeof table>[0], width: number): Line[] {
  if (findings === 0) return []
  return [EMPTY, heading(title, count(findings, 'finding')), ...table(rows, COLUMNS, width)]
}
