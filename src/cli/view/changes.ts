import type { Change, ManifestChange, Plan } from '../../model/plan.ts'
import { type Cell, table } from '../layout.ts'
import { type Line, line, type Span, span } from '../terminal.ts'
import { count } from '../words.ts'

const ORDER: Record<Change['why'], number> = { fix: 0, reuse: 1, need: 2, orphan: 3 }

/** `~` changes, `+` is new, `-` goes; what fixes comes first, what it drags in after. */
export function changesTable(plan: Pick<Plan, 'changes' | 'manifestChanges'>, width: number): Line[] {
  const changes = [...plan.changes].sort((a, b) => ORDER[a.why] - ORDER[b.why])
  const columns = [{}, { style: 'name' }, {}, { wraps: true }] as const
  return [...table(plan.manifestChanges.map(manifestRow), columns, width), ...table(changes.map(changeRow), columns, width)]
}

function changeRow(change: Change): Cell[] {
  return [
    mark(change.from, change.to),
    change.name,
    fromTo(change.from, change.to),
    line(...warnings(change), change.because, ...kind(change)),
  ]
}

function manifestRow(change: ManifestChange): Cell[] {
  const what = change.kind === 'override' ? 'override ' : ''
  return [
    mark(change.from, change.to),
    `${change.file} › ${change.key.join(' › ')}`,
    fromTo(change.from, change.to),
    `${what}${change.because}`,
  ]
}

function mark(from: string | undefined, to: string | undefined): Span {
  if (from === undefined) return span('+', 'good')
  return to === undefined ? span('-', 'bad') : span('~', 'moderate')
}

export function fromTo(from: string | undefined, to: string | undefined): Line {
  if (from === undefined) return line(span(to ?? '', 'strong'))
  if (to === undefined) return line(span(from, 'quiet'))
  return line(span(from, 'quiet'), ' → ', span(to, 'strong'))
}

/** What a distribution's packagers did. */
function kind({ release }: Change): Span[] {
  if (release === undefined) return []
  return [span(release === 'backport' ? ' · backport' : ' · new upstream release', 'quiet')]
}

function warnings(change: Change): Span[] {
  const spans: Span[] = []
  if (change.breaking) spans.push(span('breaking line; ', 'high'))
  if (change.installScript) spans.push(span('gains an install script; ', 'high'))
  const young = change.coolDownException
  if (young) spans.push(span(`published ${young.published.slice(0, 10)}, younger than ${count(young.days, 'day')}; `, 'moderate'))
  return spans
}

/** The objective in words, only what is not zero but always the new versions. */
export function objectiveLine({ target, objective, riskBefore }: Plan): Line {
  const parts = [
    `risk ${riskBefore} → ${objective.riskLeft}`,
    count(objective.newVersions, 'new version'),
    ...(target.kind === 'image' ? [] : [count(objective.entries, 'lock entry', 'lock entries')]),
  ]
  if (objective.breakingLines > 0) parts.push(count(objective.breakingLines, 'breaking line'))
  if (objective.manifestEdits > 0) parts.push(count(objective.manifestEdits, 'manifest edit'))
  if (objective.installScripts > 0) parts.push(count(objective.installScripts, 'install script'))
  return line(span(parts.join(' · '), 'quiet'))
}
