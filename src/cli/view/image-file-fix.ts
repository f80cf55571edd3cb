import type { ImageFileFix, PlannedImage, ReferenceMove } from '../engine.ts'
import { EMPTY, heading, paragraph, table } from '../layout.ts'
import { type Line, line, span } from '../terminal.ts'
import { count } from '../words.ts'
import { proof, wayBack } from './fix.ts'

/** What each reference moved to and what that brings, what stays and why, the proof, and the way back. */
export function imageFileFixView(result: ImageFileFix, path: string, width: number): Line[] {
  const { images, written, verification } = result
  const moves = images.flatMap(({ move }) => move ?? [])
  const lines = [headline(moves.length, images.length, path, written)]
  for (const move of moves) lines.push(EMPTY, ...moveLines(move, width))
  const staying = images.filter(({ move }) => move === undefined)
  if (staying.length > 0) {
    const rows = staying.map(({ file, use, fault, stays }) => [
      `${file}:${use.line}`,
      line(span(use.reference ?? use.written, 'name'), ` ${stays ?? reasonOf(use.role, use.unknown, fault)}`),
    ])
    lines.push(EMPTY, heading('As before'), ...table(rows, [{ style: 'quiet' }, { wraps: true }], width))
  }
  if (verification.length > 0) lines.push(EMPTY, heading('Proof'), ...proof(verification, width))
  return [...lines, ...wayBack(result, width)]
}

/** After a plan: which references a fix would move. Empty where it would move none. */
export function movesView(images: readonly PlannedImage[], fixCommand: string, width: number): Line[] {
  const moves = images.flatMap(({ move }) => move ?? [])
  if (moves.length === 0) return []
  const lines = moves.flatMap(move => moveLines(move, width))
  return [EMPTY, EMPTY, heading('Newer images to name'), ...lines, EMPTY, line(span(fixCommand, 'command'))]
}

function headline(moved: number, all: number, path: string, written: boolean): Line {
  if (moved === 0) return line(`Nothing was changed in ${path}`)
  const what = `${moved} of ${count(all, 'image')} that ${path} names`
  return written ? line(span(`✓ Moved ${what}`, 'good')) : line(span(`Dry run: would move ${what}; nothing was written`, 'moderate'))
}

function moveLines({ file, line: number, from, to, base, fixes }: ReferenceMove, width: number): Line[] {
  const { packages, settings, findingsLeft } = base
  const beside = [packages.added > 0 ? `${packages.added} new` : '', packages.removed > 0 ? `${packages.removed} gone` : '']
  const moved = [count(packages.changed, 'package'), ...beside.filter(part => part !== '')].join(', ')
  const differs = settings.length === 0 ? '' : ` Other settings: ${settings.join(', ')}.`
  return [
    line(span(`${file}:${number}`, 'quiet'), ' ', span(shortDigest(from), 'name'), ' → ', span(shortDigest(to), 'strong')),
    ...paragraph(`removes ${count(fixes.length, 'finding')}, ${findingsLeft} left; ${moved} moved.${differs}`, width, 4),
  ]
}

/** The file has it in full. */
function shortDigest(reference: string): string {
  return reference.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]{52}$/, '$1…')
}

function reasonOf(role: string, unknown: string | undefined, fault: { readonly message: string } | undefined): string {
  if (fault !== undefined) return fault.message
  return role === 'copied' ? 'is what files are copied from, and is not looked at' : (unknown ?? 'is not known')
}
