import type { FixResult, ImageResult, UndoResult } from '../engine.ts'
import { EMPTY, heading, paragraph, table } from '../layout.ts'
import { type Line, line, type Span, span } from '../terminal.ts'
import { bytes, count } from '../words.ts'
import { changesTable, fromTo, objectiveLine } from './changes.ts'
import { ofOutcome } from './finding.ts'

/** What was done, the proof, and the way back. */
export function fixView(result: FixResult, width: number): Line[] {
  const { plan } = result
  const lines = [fixHeadline(result)]
  const changes = changesTable(plan, width)
  if (changes.length > 0) lines.push(EMPTY, ...changes, EMPTY, objectiveLine(plan))
  if (result.verification.length > 0) lines.push(EMPTY, heading('Proof'), ...proof(result.verification, width))
  for (const { changes: guilty, output } of result.rejected) {
    lines.push(EMPTY, heading('Left out', 'your checks failed with it'), ...changesTable({ changes: guilty, manifestChanges: [] }, width))
    for (const row of output.trimEnd().split('\n').slice(-8)) lines.push(line(span(`      ${row}`, 'quiet')))
  }
  if (result.commits.length > 0)
    lines.push(
      EMPTY,
      heading('Commits'),
      ...table(
        result.commits.map(({ id, subject }) => [id.slice(0, 10), subject]),
        [{ style: 'quiet' }, {}],
        width,
      ),
    )
  if (result.image !== undefined) lines.push(...imageLines(result.image, width))
  lines.push(...(result.commits.length > 1 ? waysBack(result, width) : wayBack(result, width)), ...left(result))
  for (const note of plan.notes) lines.push(EMPTY, ...paragraph(line(span('note: ', 'moderate'), note), width))
  return lines
}

function fixHeadline({ plan, written }: FixResult): Line {
  const open = plan.findings.filter(item => item.outcome !== 'ignored').length
  const fixed = ofOutcome(plan.findings, 'fixed').length
  const changes = plan.changes.length + plan.manifestChanges.length
  if (open === 0 && changes > 0)
    return line(
      written
        ? span(`✓ Made ${count(changes, 'change')} you asked for`, 'good')
        : span(`Dry run: would make ${count(changes, 'change')} you asked for; nothing was written`, 'moderate'),
    )
  if (open === 0 && plan.partial)
    return line(span('No known vulnerabilities in the part that could be looked at: nothing was changed', 'moderate'))
  if (open === 0) return line(span('✓ No known vulnerabilities: nothing was changed', 'good'))
  if (changes === 0) return line(`Nothing was changed: no change within this budget fixes any of ${count(open, 'finding')}`)
  const what = `${fixed} of ${count(open, 'finding')} with ${count(changes, 'change')}`
  return written ? line(span(`✓ Fixed ${what}`, 'good')) : line(span(`Dry run: would fix ${what}; nothing was written`, 'moderate'))
}

export function proof(checks: FixResult['verification'], width: number): Line[] {
  const mark = (result: string): Span => (result === 'passed' ? span('✓ passed', 'good') : span('○ skipped', 'moderate'))
  return table(
    checks.map(({ check, result, detail }) => [mark(result), check, detail]),
    [{}, {}, { wraps: true, style: 'quiet' }],
    width,
  )
}

function imageLines({ reference, digest, layers, evidence, bytesWritten }: ImageResult, width: number): Line[] {
  const rows: (readonly [string, string])[] = [['Image', `${reference}@${digest}`]]
  for (const { platform, size, files } of layers) rows.push(['Layer', `${platform}: ${count(files, 'path')}, ${bytes(size)} compressed`])
  if (bytesWritten > 0) rows.push(['Written', bytes(bytesWritten)])
  for (const path of evidence) rows.push([nameOfEvidence(path), path])
  return [EMPTY, ...table(rows, [{ style: 'quiet' }, { wraps: true }], width, 0)]
}

const FORMATS = [
  ['.openvex.json', 'OpenVEX'],
  ['.cdx.json', 'CycloneDX'],
  ['.spdx.json', 'SPDX'],
] as const

function nameOfEvidence(path: string): string {
  return FORMATS.find(([ending]) => path.endsWith(ending))?.[1] ?? 'Evidence'
}

export function wayBack({ receipt, signed }: Pick<FixResult, 'receipt' | 'signed'>, width: number): Line[] {
  if (receipt === undefined) return []
  const rows = [
    ['Receipt', line(receipt, span(signed ? ' (signed)' : ' (not signed)', 'quiet'))],
    ['Undo', span(`suture undo ${receipt}`, 'command')],
  ] as const
  return [EMPTY, ...table(rows, [{ style: 'quiet' }, { wraps: true }], width, 0)]
}

/** Each commit carries a receipt of its own. */
function waysBack({ receipt, signed, commits }: FixResult, width: number): Line[] {
  if (receipt === undefined) return []
  const rows = [
    ['Receipts', line(`${commits.length} in .suture/receipts, one in each commit`, span(signed ? ' (signed)' : ' (not signed)', 'quiet'))],
    ['Undo', line(span('suture undo', 'command'), ' takes the newest back, and each time it is run again the one before')],
  ] as const
  return [EMPTY, ...table(rows, [{ style: 'quiet' }, { wraps: true }], width, 0)]
}

function left({ plan }: FixResult): Line[] {
  const open = plan.findings.filter(item => item.outcome !== 'fixed' && item.outcome !== 'ignored')
  if (open.length === 0) return []
  const parts = [
    [ofOutcome(open, 'available').length, 'at a price'],
    [ofOutcome(open, 'blocked').length, 'blocked'],
    [ofOutcome(open, 'no-fix').length, 'without a fix'],
  ] as const
  const text = parts.flatMap(([number, what]) => (number > 0 ? [`${number} ${what}`] : [])).join(', ')
  return [
    EMPTY,
    line(
      span(`${count(open.length, 'finding')} stay${open.length === 1 ? 's' : ''} open`, 'strong'),
      ` (${text}): `,
      span('suture plan', 'command'),
      ' names each blocker and price',
    ),
  ]
}

export function undoView({ receipt, content, written, signature }: UndoResult, width: number): Line[] {
  const rows = content.changes.map(change => [change.name, fromTo(change.to, change.from)])
  const files = content.image?.to.reference ?? content.files.map(file => file.path).join(', ')
  const head = written
    ? line(span(`✓ Took back ${count(content.changes.length, 'change')} in ${files}`, 'good'))
    : line(span(`Dry run: would take back ${count(content.changes.length, 'change')} in ${files}`, 'moderate'))
  return [head, ...table(rows, [{ style: 'name' }, {}], width), line(span(`Receipt ${receipt} · signature: ${signature}`, 'quiet'))]
}
