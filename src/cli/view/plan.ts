import type { Plan } from '../../model/plan.ts'
import { EMPTY, heading, paragraph } from '../layout.ts'
import { type Line, line, span } from '../terminal.ts'
import { count } from '../words.ts'
import { advisoriesLine } from './advisories.ts'
import { changesTable, objectiveLine } from './changes.ts'
import { ofOutcome } from './finding.ts'
import { openSections, sectionLines } from './open.ts'
import { priceList } from './price-list.ts'

export interface PlanViewOptions {
  readonly now: Date
  readonly width: number
  /** The command that carries the plan out. */
  readonly fixCommand: string
}

/** Changes and why, what stays open and its price, the price list, and what to type next. */
export function planView(plan: Plan, { now, width, fixCommand }: PlanViewOptions): Line[] {
  const lines = [planHeadline(plan), advisoriesLine(plan.advisories, now)]
  const changes = changesTable(plan, width)
  if (changes.length > 0) lines.push(EMPTY, heading('Changes'), ...changes, EMPTY, objectiveLine(plan))
  lines.push(...sectionLines(openSections(plan.findings, width, true), width), ...priceList(plan, width))
  for (const note of plan.notes) lines.push(EMPTY, ...paragraph(line(span('note: ', 'moderate'), note), width))
  if (changes.length > 0) lines.push(EMPTY, line('Carry it out: ', span(fixCommand, 'command')))
  return lines
}

function planHeadline(plan: Plan): Line {
  const fixed = ofOutcome(plan.findings, 'fixed').length
  const open = plan.findings.filter(item => item.outcome !== 'ignored').length
  const target = span(plan.target.id, 'name')
  const changes = plan.changes.length + plan.manifestChanges.length
  if (open === 0 && changes > 0) return line(target, ': ', span(`${count(changes, 'change')} you asked for; no findings`, 'strong'))
  if (open === 0 && plan.partial) return line(target, ': ', span('no findings in the part that could be looked at', 'moderate'))
  if (open === 0) return line(target, ': ', span('✓ no findings, so there is nothing to change', 'good'))
  if (changes === 0) return line(target, `: no change within this budget fixes any of ${count(open, 'finding')}`)
  return line(
    target,
    ': ',
    span(`${count(changes, 'change')} fix${changes === 1 ? 'es' : ''} ${fixed} of ${count(open, 'finding')}`, 'strong'),
  )
}
