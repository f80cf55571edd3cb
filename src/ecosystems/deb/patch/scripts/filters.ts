/**
 * Programs that make text of text (`cat`, `cut`, `tr`, `head`, `tail`, `sort`, `uniq`, `sed`, `grep`), where the text is known and the words are
 * plain: what they print, and whether grep finds something. Anything else is not known.
 */
import type { Answer, Call } from './commands.ts'
import { plain } from './world.ts'

type Filter = (words: readonly string[], text: string) => Answer | undefined

const FILTERS: ReadonlyMap<string, Filter> = new Map([
  ['cut', cut],
  ['tr', tr],
  ['head', (words, text) => lines(words, text, (all, count) => all.slice(0, count))],
  ['tail', (words, text) => lines(words, text, (all, count) => (count === 0 ? [] : all.slice(-count)))],
  ['sort', (words, text) => (words.length === 0 ? joined(split(text).sort(byBytes)) : undefined)],
  ['uniq', (words, text) => (words.length === 0 ? joined(split(text).filter((line, at, all) => line !== all[at - 1])) : undefined)],
  // Whatever is done to each line is done to none.
  ['sed', (_, text) => (text === '' ? { status: true, prints: '' } : undefined)],
  ['grep', grep],
  ['egrep', grep],
  ['fgrep', (words, text) => grep(['-F', ...words], text)],
])

/** Undefined where the program is none of these, or what it prints is not known. */
export function filtered(name: string, { args, input, world }: Call): Answer | undefined {
  if (args.includes(undefined)) return undefined
  const words = args.flatMap(arg => arg ?? [])
  if (name === 'cat') {
    const texts =
      words.length === 0 ? [input] : words.map(word => (word === '-' ? input : word.startsWith('/') ? world.read(plain(word)) : undefined))
    return texts.includes(undefined) ? undefined : { status: true, prints: texts.join('') }
  }
  // grep's second word, like head's last one, may be a file.
  const file = words.length > 1 && words.at(-1)?.startsWith('/') ? words.at(-1) : undefined
  const text = file === undefined ? input : world.read(plain(file))
  // Some count bytes and some letters.
  if (text !== undefined && !/^[\t\n -~]*$/.test(text)) return undefined
  return text === undefined ? undefined : FILTERS.get(name)?.(file === undefined ? words : words.slice(0, -1), text)
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function split(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

function joined(all: readonly string[]): Answer {
  return { status: true, prints: all.map(line => `${line}\n`).join('') }
}

/** `-d X -f LIST`, `-c LIST`, `-b LIST`, values joined to their letters or not. */
function cut(words: readonly string[], text: string): Answer | undefined {
  const given = new Map<string, string>()
  for (let at = 0; at < words.length; at++) {
    const [, letter, value] = /^-([dfbc])(.*)$/s.exec(words[at] ?? '') ?? []
    const said = value === '' ? words[++at] : value
    if (letter === undefined || said === undefined) return undefined
    given.set(letter, said)
  }
  const fields = given.get('f')
  const range = fields ?? given.get('c') ?? given.get('b')
  const [, from, dash, to] = /^(\d{0,4})(-?)(\d{0,4})$/.exec(range ?? '') ?? []
  if (range === undefined || range === '' || range === '-' || from === undefined) return undefined
  const start = from === '' ? 0 : Number(from) - 1
  const end = dash === '' ? start + 1 : to === '' ? Number.POSITIVE_INFINITY : Number(to)
  if (start < 0) return undefined
  const mark = given.get('d') ?? '\t'
  return joined(
    split(text).map(line => {
      if (fields === undefined) return line.slice(start, end)
      // A line without the mark is printed whole.
      return line.includes(mark) ? line.split(mark).slice(start, end).join(mark) : line
    }),
  )
}

/** One set for another of the same length, or sets that go (`-d`). */
function tr(words: readonly string[], text: string): Answer | undefined {
  const deletes = words[0] === '-d'
  const [from, to, more] = (deletes ? words.slice(1) : words).map(setOf)
  if (from === undefined || more !== undefined || (deletes ? to !== undefined : to?.length !== from.length)) return undefined
  const prints = [...text].map(letter => (from.includes(letter) ? (to?.[from.indexOf(letter)] ?? '') : letter)).join('')
  return { status: true, prints }
}

function setOf(written: string): string | undefined {
  const known: Readonly<Record<string, string>> = {
    '[:upper:]': 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    '[:lower:]': 'abcdefghijklmnopqrstuvwxyz',
    'A-Z': 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    'a-z': 'abcdefghijklmnopqrstuvwxyz',
    '0-9': '0123456789',
    '\\n': '\n',
  }
  return known[written] ?? (/[\\[\]]|.-./.test(written) ? undefined : written)
}

/** `-n N`, `-nN`, `-N`; ten where nothing is said. */
function lines(words: readonly string[], text: string, some: (all: string[], count: number) => string[]): Answer | undefined {
  const [, count] = /^(?:-n ?|-)(\d{1,6})$/.exec(words.join(' ')) ?? []
  if (words.length > 0 && count === undefined) return undefined
  return joined(some(split(text), Number(count ?? 10)))
}

/** A pattern without anything special but `^` before and `$` behind; `-q`, `-v`, `-i`, `-x`, `-w`, `-F`. */
function grep(words: readonly string[], text: string): Answer | undefined {
  const flags = words.filter(word => /^-[qvixwFEs]+$/.test(word)).join('')
  const [pattern, more] = words.filter(word => !/^-[qvixwFEs]+$/.test(word))
  if (pattern === undefined || more !== undefined || pattern.startsWith('-')) return undefined
  const fixed = flags.includes('F')
  const [, start = '', word = '', end = ''] = (fixed ? /^()(.*)()$/s : /^(\^?)([^\\^$.*+?()[\]{}|\n]*)(\$?)$/).exec(pattern) ?? []
  if (!fixed && `${start}${word}${end}` !== pattern) return undefined
  const byWord = flags.includes('w')
  if (byWord && (start !== '' || end !== '' || word === '' || flags.includes('x'))) return undefined
  const fold = (line: string) => (flags.includes('i') ? line.toLowerCase() : line)
  const found = split(text).filter(line => {
    const [whole, part] = [fold(line), fold(word)]
    const matches = byWord
      ? hasWord(whole, part)
      : flags.includes('x') || (start !== '' && end !== '')
        ? whole === part
        : start !== ''
          ? whole.startsWith(part)
          : end !== ''
            ? whole.endsWith(part)
            : whole.includes(part)
    return matches !== flags.includes('v')
  })
  return { ...joined(flags.includes('q') ? [] : found), status: found.length > 0 }
}

/** Neither before nor behind it stands a letter, a digit or `_`. */
function hasWord(line: string, word: string): boolean {
  for (let at = line.indexOf(word); at >= 0; at = line.indexOf(word, at + 1)) {
    if (!/\w/.test(line.charAt(at - 1)) && !/\w/.test(line.charAt(at + word.length))) return true
  }
  return false
}
