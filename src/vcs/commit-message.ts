import type { Finding } from '../model/finding.ts'
import type { Change, ManifestChange } from '../model/plan.ts'
import type { Receipt } from '../model/receipt.ts'
import { SEVERITIES } from '../model/severity.ts'
import { printable } from '../text/printable.ts'

export interface CommitContent {
  /** One independent set of changes. */
  readonly changes: readonly Change[]
  readonly manifestChanges: readonly ManifestChange[]
  /** The findings that these changes remove. */
  readonly fixes: readonly Finding[]
  readonly verification: Receipt['verification']
  /** Path of the receipt, relative to the target. */
  readonly receipt?: string
}

const SUBJECT_WIDTH = 72
const BODY_WIDTH = 72
const ORDER: Record<Change['why'], number> = { fix: 0, reuse: 1, need: 2, orphan: 3 }

/** What a reviewer wants to know, in the order of the questions: what it fixes, what changes and why, what was checked, how to undo. */
export function commitMessage(content: CommitContent): string {
  const { manifestChanges, verification, receipt } = content
  const changes = [...content.changes].sort((a, b) => ORDER[a.why] - ORDER[b.why])
  const fixes = [...content.fixes].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
  const passed = verification.filter(step => step.result === 'passed').map(step => step.check)
  const skipped = verification.filter(step => step.result === 'skipped').map(step => `${step.check} (${step.detail})`)
  const sections = [
    [subjectOf({ ...content, changes, fixes })],
    section('Fixes:', fixes.map(fixLine)),
    section('Changes:', [...changes.map(changeLine), ...manifestChanges.map(manifestLine)]),
    [...sentence('Verified', passed), ...sentence('Not verified', skipped)],
    receipt === undefined ? [] : [`Undo: suture undo ${plain(receipt)}`],
  ]
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`
}

/** The first of these that fits: with every id, with their number, without them, without the versions. */
function subjectOf({ changes, manifestChanges, fixes }: CommitContent): string {
  const [first] = changes
  const [manifest] = manifestChanges
  const kind = fixes.length > 0 ? 'fix(deps): ' : 'chore(deps): '
  const more = Math.max(0, changes.length + manifestChanges.length - 1)
  const others = more === 0 ? '' : ` and ${more} more`
  const whole = first === undefined ? (manifest === undefined ? 'dependencies' : manifestStep(manifest)) : step(first)
  const name = plain(first?.name ?? manifest?.key.at(-1) ?? 'dependencies')
  const ids = [...new Set(fixes.map(idOf))]
  const number = `${ids.length} ${ids.length === 1 ? 'advisory' : 'advisories'}`
  const tails = ids.length === 0 ? [''] : [` (${ids.join(', ')})`, ` (${number})`, '']
  const candidates = [...tails.map(tail => whole + others + tail), ...tails.map(tail => name + others + tail)].map(text => kind + text)
  return candidates.find(text => length(text) <= SUBJECT_WIDTH) ?? `${[...(kind + name)].slice(0, SUBJECT_WIDTH - 1).join('')}…`
}

function step({ name, from, to }: Pick<Change, 'name' | 'from' | 'to'>): string {
  if (from === undefined) return plain(`add ${name} ${to}`)
  if (to === undefined) return plain(`remove ${name} ${from}`)
  return plain(`${name} ${from} → ${to}`)
}

function manifestStep({ key, from, to, kind }: ManifestChange): string {
  const name = key.filter(part => !/dependencies$/i.test(part) && part !== 'overrides').join(' › ')
  const what = kind === 'override' ? `override ${name}` : name
  return plain(from === undefined ? `${what} ${to}` : `${what} ${from} → ${to}`)
}

function fixLine(finding: Finding): string {
  const id = idOf(finding)
  const aliases = finding.ids.filter(other => other !== id && other.startsWith('CVE-'))
  const score = finding.score === undefined ? '' : ` ${finding.score.toFixed(1)}`
  return `${finding.severity}${score}: ${id}${aliases.length > 0 ? ` (${aliases.join(', ')})` : ''} in ${finding.name} ${finding.version}`
}

function changeLine(change: Change): string {
  const { breaking, installScript, coolDownException: young } = change
  const warnings = [
    ...(breaking ? ['a breaking line'] : []),
    ...(installScript ? ['gains an install script'] : []),
    ...(young === undefined ? [] : [`published ${young.published.slice(0, 10)}, within the cool-down of ${young.days} days`]),
  ]
  return `${step(change)}${warnings.length > 0 ? ` [${warnings.join('; ')}]` : ''}: ${change.because}`
}

function manifestLine(change: ManifestChange): string {
  return `${change.file}, ${manifestStep(change)}: ${change.because}`
}

/** People search for GHSA ids on forges, and for CVE ids everywhere else. */
function idOf({ ids, group }: Finding): string {
  return plain(ids.find(id => id.startsWith('GHSA-')) ?? ids.find(id => id.startsWith('CVE-')) ?? group)
}

function section(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [title, ...items.flatMap(item => wrap(plain(item), '- ', '  '))]
}

function sentence(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : wrap(plain(`${title}: ${items.join('; ')}.`), '', '  ')
}

function wrap(text: string, first: string, next: string): string[] {
  const lines: string[] = []
  let row = first
  let empty = true
  for (const word of text.split(' ')) {
    if (!empty && length(row) + 1 + length(word) > BODY_WIDTH) {
      lines.push(row)
      row = next
      empty = true
    }
    row += empty ? word : ` ${word}`
    empty = false
  }
  return [...lines, row]
}

/** Names come from outside: on one line, and nothing that a terminal would obey. */
function plain(text: string): string {
  return printable(text.replace(/\s+/g, ' ')).trim()
}

function length(text: string): number {
  return [...text].length
}
