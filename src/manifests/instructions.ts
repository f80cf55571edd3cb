/**
 * The instructions of a Dockerfile: lines put together where they go on, without comments and without the bodies of heredocs. Every step
 * takes time in proportion to the text, whatever stands in it.
 */

export interface Instruction {
  /** In capitals. */
  readonly keyword: string
  /** Words apart by blanks; quotes keep blanks inside, and stay. */
  readonly words: readonly Word[]
  readonly line: number
  /** What keeps the character behind it as it is: `\`, or a backtick where a directive says so. */
  readonly mark: string
}

export interface Word {
  readonly text: string
  /** In UTF-16 code units of the file; absent where a line ends inside the word. */
  readonly place?: { readonly start: number; readonly end: number }
}

interface PhysicalLine {
  readonly text: string
  readonly start: number
}

/** Stretches of a logical line, in order: where each begins in it and in the file. */
interface Stretch {
  readonly from: number
  readonly start: number
}

export function* instructionsOf(text: string): Generator<Instruction> {
  const lines = linesOf(text)
  const mark = escapeOf(lines)
  const ends = heredocEnds(lines)
  for (let at = 0; at < lines.length; at++) {
    let logical = ''
    let line = 0
    const stretches: Stretch[] = []
    for (; at < lines.length; at++) {
      const physical = lines[at]
      if (physical === undefined) break
      const bare = physical.text.trim()
      if (bare.startsWith('#') || (bare === '' && line > 0)) continue
      if (line === 0) line = at + 1
      stretches.push({ from: logical.length, start: physical.start })
      const goesOn = physical.text.trimEnd().endsWith(mark)
      logical += goesOn ? physical.text.trimEnd().slice(0, -1) : physical.text
      if (!goesOn) break
    }
    const [, blank = '', written = ''] = /^(\s*)([A-Za-z]+)(?=\s)/.exec(logical) ?? []
    if (written === '') continue
    const keyword = written.toUpperCase()
    const words = wordsOf(logical, blank.length + written.length, mark, stretches)
    yield { keyword, words, line, mark }
    if (keyword === 'RUN' || keyword === 'COPY' || keyword === 'ADD') at = afterHeredocs(logical, ends, at)
  }
}

function linesOf(text: string): PhysicalLine[] {
  const lines: PhysicalLine[] = []
  for (let start = text.startsWith('\ufeff') ? 1 : 0; start <= text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    lines.push({ text: text.slice(start, text.charAt(end - 1) === '\r' && end > start ? end - 1 : end), start })
    start = end + 1
  }
  return lines
}

/** Directives are comments before anything else. */
function escapeOf(lines: readonly PhysicalLine[]): string {
  for (const { text } of lines) {
    const [, name, value = ''] = /^\s*#\s*([A-Za-z]+)\s*=(.*)$/.exec(text) ?? []
    if (name === undefined) return '\\'
    if (name.toLowerCase() === 'escape' && value.trim() === '`') return '`'
  }
  return '\\'
}

function wordsOf(logical: string, from: number, mark: string, stretches: readonly Stretch[]): Word[] {
  const words: Word[] = []
  for (let at = from; at < logical.length; ) {
    if (isBlank(logical, at)) {
      at++
      continue
    }
    const start = at
    let quote = ''
    for (; at < logical.length && (quote !== '' || !isBlank(logical, at)); at++) {
      const character = logical.charAt(at)
      if (character === mark && quote !== "'") at++
      else if (character === quote) quote = ''
      else if (quote === '' && (character === '"' || character === "'")) quote = character
    }
    const end = Math.min(at, logical.length)
    words.push({ text: logical.slice(start, end), ...placeOf(start, end, stretches) })
  }
  return words
}

function isBlank(text: string, at: number): boolean {
  const character = text.charAt(at)
  return character === ' ' || character === '\t' || character === '\r' || character === '\v' || character === '\f'
}

/** Stretches are few where words matter; words come in order, but each is looked up alone, by halving. */
function placeOf(from: number, to: number, stretches: readonly Stretch[]): Pick<Word, 'place'> {
  let low = 0
  let high = stretches.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((stretches[middle]?.from ?? 0) <= from) low = middle + 1
    else high = middle
  }
  const stretch = stretches[low - 1]
  const next = stretches[low]
  if (stretch === undefined || (next !== undefined && next.from < to)) return {}
  return { place: { start: stretch.start + from - stretch.from, end: stretch.start + to - stretch.from } }
}

type HeredocEnd = (delimiter: string, withoutTabs: boolean, after: number) => number | undefined

/** Finds the line that ends a heredoc, from tables that are made when the first is looked for. */
function heredocEnds(lines: readonly PhysicalLine[]): HeredocEnd {
  const tables = new Map<boolean, Map<string, number[]>>()
  return (delimiter, withoutTabs, after) => {
    const table = tables.get(withoutTabs) ?? Map.groupBy(lines.keys(), at => withoutIndent(lines[at]?.text ?? '', withoutTabs))
    tables.set(withoutTabs, table)
    const places = table.get(delimiter) ?? []
    let low = 0
    let high = places.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((places[middle] ?? 0) <= after) low = middle + 1
      else high = middle
    }
    return places[low]
  }
}

function withoutIndent(text: string, withoutTabs: boolean): string {
  return withoutTabs ? text.replace(/^\t+/, '') : text
}

/** The last line of what an instruction takes in. One that never ends takes in nothing. */
function afterHeredocs(logical: string, ends: HeredocEnd, from: number): number {
  let at = from
  for (const [, dash, , delimiter = ''] of logical.matchAll(/(?<!<)<<(-?)(["']?)([A-Za-z_][A-Za-z0-9_]*)\2/g)) {
    const end = ends(delimiter, dash === '-', at)
    if (end === undefined) return at
    at = end
  }
  return at
}
