import type { NamedImage } from '../engine.ts'
import { EMPTY, paragraph } from '../layout.ts'
import { type Line, line, span } from '../terminal.ts'

/** Each image under the line that names it. */
export function imageFileView<Result>(
  named: readonly NamedImage<Result>[],
  width: number,
  view: (result: Result) => readonly Line[],
): Line[] {
  return named.flatMap((item, at) => [...(at === 0 ? [] : [EMPTY, EMPTY]), titleOf(item), ...bodyOf(item, width, view)])
}

function titleOf({ file, use }: NamedImage<unknown>): Line {
  const { line: number, written, reference, role, name } = use
  const said = reference ?? written
  const says = { base: 'FROM', build: 'FROM', copied: 'copies from', service: 'runs' }[role]
  const stage = name === undefined ? '' : `${role === 'service' ? ' as service' : ' as'} ${name}`
  const aside = role === 'build' ? ' · a build stage, which does not ship' : ''
  return line(span(`${file}:${number}`, 'quiet'), ' ', span(`${says} ${said}`, 'strong'), span(`${stage}${aside}`, 'quiet'))
}

function bodyOf<Result>({ use, result, fault }: NamedImage<Result>, width: number, view: (result: Result) => readonly Line[]): Line[] {
  if (result !== undefined) return [...view(result)]
  if (fault !== undefined) return paragraph(line(span(`${fault.code}: `, 'bad'), `${fault.message} ${fault.hint}`), width)
  if (use.role === 'copied')
    return paragraph('Files are copied from this image; it does not ship as a whole. Scan it by its own name.', width)
  return paragraph(`Not looked at: it ${use.unknown ?? 'is not known'}.`, width)
}
