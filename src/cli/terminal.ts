/**
 * What is printed, and the one place where it becomes bytes. A view returns lines of spans, without any escape sequence; `render`
 * makes every span harmless, then dresses it. Text from outside (package names, advisory titles, paths) can hold terminal escapes,
 * bidirectional overrides or invisible characters: it is spelled out, never sent.
 */

export type Style = 'strong' | 'quiet' | 'critical' | 'high' | 'moderate' | 'low' | 'good' | 'bad' | 'name' | 'command'

export interface Span {
  readonly text: string
  readonly style?: Style
}

export type Line = readonly Span[]

export interface Terminal {
  readonly colour: boolean
  readonly unicode: boolean
  /** Columns to lay text out in. */
  readonly width: number
  /** A person watches: progress may be drawn. */
  readonly interactive: boolean
}

/** A line of plain text and spans. */
export function line(...parts: readonly (string | Span)[]): Line {
  return parts.map(part => (typeof part === 'string' ? span(part) : part))
}

/** A piece of text that is safe to print: see {@link sanitise}. */
export function span(text: string, style?: Style): Span {
  const safe = sanitise(text)
  return style === undefined ? { text: safe } : { text: safe, style }
}

// Controls (C0, DEL, C1), bidirectional and invisible formatting, line and paragraph separators, tags, lone surrogates, noncharacters.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u{fffe}\u{ffff}]/gu

/** Spells out everything that could move the cursor, change colours, reorder or hide text. The result is one line. */
export function sanitise(text: string): string {
  return text.replace(UNSAFE, character => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`)
}

const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u{ff01}-\u{ff60}]/u
const ZERO = /\p{M}/u

/** Columns that sanitised text takes. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return width
}

export function lineWidth(spans: Line): number {
  return spans.reduce((sum, { text }) => sum + displayWidth(text), 0)
}

const SGR: Record<Style, string> = {
  strong: '1',
  quiet: '2',
  critical: '1;31',
  high: '31',
  moderate: '33',
  low: '36',
  good: '32',
  bad: '31',
  name: '1',
  command: '36',
}

/** What the views draw with, and what stands for it where only ASCII can be shown. Each takes one column. */
const ASCII: Readonly<Record<string, string>> = {
  '→': '>',
  '›': '>',
  '↳': '>',
  '◂': '<',
  '·': '-',
  '–': '-',
  '─': '-',
  '…': '~',
  '’': "'",
  '×': 'x',
  '✓': '+',
  '✗': 'x',
  '█': '#',
  '●': '*',
  '○': 'o',
}

export function render(lines: readonly Line[], terminal: Terminal): string {
  let text = ''
  for (const spans of lines) {
    let row = ''
    for (const { text, style } of spans) {
      const safe = terminal.unicode ? sanitise(text) : toAscii(sanitise(text))
      row += terminal.colour && style !== undefined && safe !== '' ? `\u001b[${SGR[style]}m${safe}\u001b[0m` : safe
    }
    text += `${row.trimEnd()}\n`
  }
  return text
}

function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, character => ASCII[character] ?? '?')
}

export interface TerminalStream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly getColorDepth?: (env?: Record<string, string | undefined>) => number
}

export type Environment = Readonly<Record<string, string | undefined>>

/** How to print to this stream. NO_COLOR and FORCE_COLOR as at no-color.org and force-color.org: set and not empty. */
export function detectTerminal(stream: TerminalStream, env: Environment): Terminal {
  const tty = stream.isTTY === true
  const dumb = env['TERM'] === 'dumb'
  const columns = Number(env['COLUMNS']) || (tty ? stream.columns : undefined) || 100
  return {
    colour: wantsColour(tty && !dumb, env),
    unicode: !dumb && speaksUnicode(env),
    width: Math.min(Math.max(Math.floor(columns), 40), 160),
    interactive: tty && !dumb && !env['CI'],
  }
}

function wantsColour(capable: boolean, env: Environment): boolean {
  if (env['NO_COLOR']) return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  return capable
}

/** POSIX: LC_ALL, then LC_CTYPE, then LANG decide. Where none is set, UTF-8 is the better guess today. */
function speaksUnicode(env: Environment): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG']
  return !locale || /utf-?8/i.test(locale)
}
