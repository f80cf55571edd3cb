import { displayWidth, type Line, line, lineWidth, type Span, type Style, span } from './terminal.ts'

export type Cell = string | Span | Line

export interface Column {
  readonly align?: 'left' | 'right'
  /** The one column that wraps when the row is wider than the screen; by default the last. */
  readonly wraps?: boolean
  readonly style?: Style
}

const GAP = 2
const NARROWEST = 16

/** Aligned columns. The wrapping column takes what is left of the width and continues on lines of its own; nothing is cut off. */
export function table(rows: readonly (readonly Cell[])[], columns: readonly Column[], width: number, indent = 2): Line[] {
  return tableRows(rows, columns, width, indent).flat()
}

/** The same, with the lines of each row apart, so that others can stand between them. */
export function tableRows(rows: readonly (readonly Cell[])[], columns: readonly Column[], width: number, indent = 2): Line[][] {
  const cells = rows.map(row => columns.map((column, index) => toLine(row[index] ?? '', column.style)))
  const marked = columns.findIndex(column => column.wraps)
  const wrapping = marked === -1 ? columns.length - 1 : marked
  const widths = columns.map((_, index) => Math.max(...cells.map(row => lineWidth(row[index] ?? []))))
  const others = widths.reduce(
    (sum, columnWidth, index) => (index === wrapping ? sum : sum + columnWidth + (columnWidth > 0 ? GAP : 0)),
    indent,
  )
  widths[wrapping] = Math.min(widths[wrapping] ?? 0, Math.max(width - others, NARROWEST))
  return cells.map(row => {
    const [content, beside, room] = [row[wrapping] ?? [], widths[wrapping] ?? 0, width - indent - BELOW]
    const parts = wrapLine(content, beside)
    const isCrushed = parts.length > MOST_BESIDE || parts.some(part => displayWidth(textOf(part).trimEnd()) > beside)
    if (wrapping !== columns.length - 1 || !isCrushed || room <= beside) return tableRow(row, columns, widths, wrapping, indent)
    const [first = []] = tableRow(row.with(wrapping, []), columns, widths, wrapping, indent)
    return [first, ...wrapLine(content, room).map(part => [{ text: ' '.repeat(indent + BELOW) }, ...part])]
  })
}

/** A last column that would be taller than this, or has a word that is wider than it, goes below its row, this far in. */
const MOST_BESIDE = 4
const BELOW = 4

function tableRow(row: readonly Line[], columns: readonly Column[], widths: readonly number[], wrapping: number, indent: number): Line[] {
  const wrapped = wrapLine(row[wrapping] ?? [], widths[wrapping] ?? 0)
  return wrapped.map((part, lineIndex) => {
    const spans: Span[] = [{ text: ' '.repeat(indent) }]
    columns.forEach((column, index) => {
      const columnWidth = widths[index] ?? 0
      if (columnWidth === 0) return
      const content = index === wrapping ? part : lineIndex === 0 ? (row[index] ?? []) : []
      const padding = { text: ' '.repeat(Math.max(columnWidth - lineWidth(content), 0)) }
      if (column.align === 'right') spans.push(padding, ...content)
      else spans.push(...content, padding)
      spans.push({ text: ' '.repeat(GAP) })
    })
    return spans
  })
}

const textOf = (spans: Line): string => spans.map(({ text }) => text).join('')

function toLine(cell: Cell, style: Style | undefined): Line {
  if (typeof cell === 'string') return [span(cell, style)]
  return 'text' in cell ? [cell] : cell
}

/** Breaks a line between words so that no part is wider than `width`, unless one word alone is. Styles are kept. */
export function wrapLine(spans: Line, width: number): Line[] {
  if (lineWidth(spans) <= width) return [spans]
  const lines: Span[][] = [[]]
  let used = 0
  for (const { text, style } of spans) {
    for (const word of text.split(/(?<= )/)) {
      const bare = displayWidth(word.trimEnd())
      if (used > 0 && used + bare > width) {
        lines.push([])
        used = 0
      }
      append(lines.at(-1) ?? [], word, style)
      used += displayWidth(word)
    }
  }
  return lines
}

function append(spans: Span[], text: string, style: Style | undefined): void {
  const last = spans.at(-1)
  const joined = last !== undefined && last.style === style
  if (joined) spans.pop()
  const whole = joined ? last.text + text : text
  spans.push(style === undefined ? { text: whole } : { text: whole, style })
}

/** A paragraph: wrapped, each line indented. */
export function paragraph(content: Cell, width: number, indent = 0): Line[] {
  return wrapLine(toLine(content, undefined), Math.max(width - indent, NARROWEST)).map(part => [{ text: ' '.repeat(indent) }, ...part])
}

export function heading(title: string, rest = ''): Line {
  return rest === '' ? line(span(title, 'strong')) : line(span(title, 'strong'), span(` · ${rest}`, 'quiet'))
}

export const EMPTY: Line = []

/** A share as a bar of at most `width` columns; a share above zero always shows. */
export function bar(share: number, width: number): string {
  const length = share > 0 ? Math.max(Math.round(Math.min(share, 1) * width), 1) : 0
  return '█'.repeat(length)
}
