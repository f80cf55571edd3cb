import type { Component } from '../../model/inventory.ts'
import type { PlannedFinding } from '../../model/plan.ts'
import type { Story } from '../engine.ts'
import { EMPTY, heading, paragraph } from '../layout.ts'
import { type Line, line, span } from '../terminal.ts'
import { day, list } from '../words.ts'
import { changesTable } from './changes.ts'
import { pathLine, preferredId, priceText, severitySpan } from './finding.ts'
import { blockerLines } from './open.ts'

const MOST_PATHS = 5

/** The story of one advisory or package: what it is, why it is here, what would end it. */
export function explainView(story: Story, width: number): Line[] {
  const lines = story.advisory ? advisoryLines(story, width) : [line(span(story.subject, 'name'), ` in ${story.target.id}`)]
  lines.push(EMPTY, heading(story.kind === 'advisory' ? 'Affects here' : 'Here as'))
  if (story.components.length === 0) lines.push(line(`  nothing in ${story.target.id}`))
  for (const { component, paths } of story.components) {
    lines.push(line('  ', span(`${component.name} ${component.version}`, 'name'), span(`  ${placeOf(component)}`, 'quiet')))
    for (const path of paths.slice(0, MOST_PATHS)) lines.push(...paragraph(line('↳ ', ...pathLine(path)), width, 4))
    if (paths.length > MOST_PATHS) lines.push(line(span(`    and ${paths.length - MOST_PATHS} more ways`, 'quiet')))
  }
  if (story.findings.length > 0) lines.push(EMPTY, heading(story.kind === 'advisory' ? 'What can be done' : 'Findings'))
  for (const item of story.findings) lines.push(...findingLines(item, width))
  if (story.kind === 'package' && story.findings.length === 0) lines.push(EMPTY, line(span('✓ No known vulnerabilities in it', 'good')))
  const changes = changesTable({ changes: story.changes, manifestChanges: [] }, width)
  if (changes.length > 0)
    lines.push(
      EMPTY,
      heading('Changes that a fix makes'),
      ...changes,
      EMPTY,
      line(
        'Do only this: ',
        span(`suture fix ${story.target.kind === 'image' ? `${story.target.id} ` : ''}--only ${story.subject}`, 'command'),
      ),
    )
  return lines
}

function placeOf({ location, scope, layer }: Component): string {
  return [location || 'the project', scope, ...(layer === undefined ? [] : [`layer ${layer + 1}`])].join(' · ')
}

function advisoryLines({ advisory, subject }: Story, width: number): Line[] {
  if (advisory === undefined) return []
  const { ids, severity, score, detail } = advisory
  const others = ids.filter(id => id !== subject)
  const lines = [
    line(
      span(subject, 'name'),
      others.length > 0 ? span(` (${list(others)})`, 'quiet') : '',
      '  ',
      severitySpan(severity),
      score === undefined ? '' : ` ${score.toFixed(1)}`,
    ),
  ]
  if (detail?.summary) lines.push(...paragraph(detail.summary, width))
  if (detail)
    lines.push(
      line(
        span(
          [detail.published && `published ${day(detail.published)}`, `modified ${day(detail.modified)}`, detail.cvss]
            .filter(Boolean)
            .join(' · '),
          'quiet',
        ),
      ),
    )
  for (const reference of detail?.references.slice(0, 5) ?? []) lines.push(line(span(reference, 'command')))
  return lines
}

function findingLines(item: PlannedFinding, width: number): Line[] {
  const { finding } = item
  const title = line('  ', severitySpan(finding.severity), ` ${finding.name} ${finding.version}  `, span(preferredId(finding), 'quiet'))
  return [title, ...paragraph(verdict(item), width, 4), ...blockerLines([item], width, 4)]
}

function verdict({ outcome, price, finding }: PlannedFinding): Line {
  const cost = price ? `: ${priceText(price)}` : ''
  switch (outcome) {
    case 'fixed':
      return line(span('✓ fixable now', 'good'), cost)
    case 'available':
      return price?.flag ? line('fixable at a price', `${cost}  `, span(price.flag, 'command')) : line(`fixable at a price${cost}`)
    case 'blocked':
      return line(span('✗ blocked', 'bad'))
    case 'no-fix':
      return line(span('✗ no clean version exists yet', 'bad'))
    case 'ignored':
      return line(`ignored: ${finding.ignored?.reason ?? ''}${finding.ignored?.expires ? ` (until ${finding.ignored.expires})` : ''}`)
  }
}
