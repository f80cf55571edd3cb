/** A shell script as a tree of commands. What is not understood is thrown as `NotReadable`: it is never taken for something else. */
import { Cursor } from './read-words.ts'
import { type Node, NotReadable, type Redirect, type Simple, type Word } from './syntax.ts'

const LONGEST = 256 * 1024
const RESERVED = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}'])
const OPERATORS = ['<<-', '<<', '>>', '>|', '<>', '<&', '>&', '<', '>']

/** Throws `NotReadable`. */
export function readScript(text: string): Node {
  if (text.length > LONGEST) throw new NotReadable('it is too long')
  return commands(new Cursor(text, commands), '')
}

interface Pending {
  readonly delimiter: string
  readonly literal: boolean
  readonly tabs: boolean
  readonly put: (body: Word) => void
}

const heredocs = new WeakMap<Cursor, Pending[]>()

/** Commands up to `end` (`)` or the end of the text); the end itself is left. */
function commands(cursor: Cursor, end: string): Node {
  const list = readList(cursor, [])
  if (end === '' ? cursor.at < cursor.text.length : cursor.next !== end) throw new NotReadable('a command cannot be read')
  return list
}

/** Up to one of the reserved words, `;;`, `)` or the end. */
function readList(cursor: Cursor, stops: readonly string[]): Node {
  const items: Node[] = []
  for (;;) {
    skipLines(cursor)
    if (cursor.at >= cursor.text.length || cursor.next === ')' || cursor.startsWith(';;')) break
    const word = plainWord(cursor)
    if (RESERVED.has(word)) {
      if (stops.includes(word)) break
      throw new NotReadable(`${word} stands where it must not`)
    }
    const start = cursor.at
    const item = readAndOr(cursor)
    cursor.skipBlanks()
    if (cursor.next === '&' && !cursor.startsWith('&&')) {
      cursor.at++
      items.push({ kind: 'background', body: item, text: cursor.text.slice(start, cursor.at) })
    } else {
      items.push(item)
      if (cursor.next === ';' && !cursor.startsWith(';;')) cursor.at++
    }
    cursor.skipBlanks()
    if (cursor.at < cursor.text.length && cursor.at === start) throw new NotReadable('a command cannot be read')
  }
  return { kind: 'list', items }
}

function readAndOr(cursor: Cursor): Node {
  let left = readPipe(cursor)
  for (;;) {
    cursor.skipBlanks()
    const kind = cursor.startsWith('&&') ? 'and' : cursor.startsWith('||') ? 'or' : undefined
    if (kind === undefined) return left
    cursor.at += 2
    skipLines(cursor)
    left = { kind, left, right: readPipe(cursor) }
  }
}

function readPipe(cursor: Cursor): Node {
  cursor.skipBlanks()
  let negated = false
  while (plainWord(cursor) === '!') {
    negated = !negated
    cursor.at++
    cursor.skipBlanks()
  }
  const all = [readCommand(cursor)]
  for (;;) {
    cursor.skipBlanks()
    if (cursor.next !== '|' || cursor.startsWith('||')) break
    cursor.at++
    skipLines(cursor)
    all.push(readCommand(cursor))
  }
  const [only] = all
  return all.length === 1 && !negated && only !== undefined ? only : { kind: 'pipe', commands: all, negated }
}

function readCommand(cursor: Cursor): Node {
  return cursor.nested(() => {
    cursor.skipBlanks()
    const start = cursor.at
    const text = () => cursor.text.slice(start, cursor.at)
    const word = plainWord(cursor)
    if (cursor.next === '(') {
      cursor.at++
      const body = commands(cursor, ')')
      cursor.at++
      return { kind: 'group', body, subshell: true, redirects: readRedirects(cursor), text: text() }
    }
    switch (word) {
      case '{': {
        cursor.at++
        const body = readList(cursor, ['}'])
        expect(cursor, '}')
        return { kind: 'group', body, subshell: false, redirects: readRedirects(cursor), text: text() }
      }
      case 'if': {
        cursor.at += 2
        const node = readIf(cursor)
        const redirects = readRedirects(cursor)
        return redirects.length === 0 ? node : { kind: 'group', body: node, subshell: false, redirects, text: text() }
      }
      case 'while':
      case 'until': {
        cursor.at += word.length
        const test = readList(cursor, ['do'])
        expect(cursor, 'do')
        const body = readList(cursor, ['done'])
        expect(cursor, 'done')
        return { kind: 'while', test, body, redirects: readRedirects(cursor), text: text() }
      }
      case 'for':
        cursor.at += 3
        return readFor(cursor, text)
      case 'case':
        cursor.at += 4
        return readCase(cursor, text)
    }
    const [head, name = ''] = /^([A-Za-z_][A-Za-z0-9_-]*)[ \t]*\([ \t]*\)/.exec(cursor.text.slice(cursor.at, cursor.at + 200)) ?? []
    if (head === undefined) return readSimple(cursor)
    cursor.at += head.length
    skipLines(cursor)
    const body = readCommand(cursor)
    return { kind: 'function', name, body, text: text() }
  })
}

function readIf(cursor: Cursor): Node {
  const test = readList(cursor, ['then'])
  expect(cursor, 'then')
  const then = readList(cursor, ['elif', 'else', 'fi'])
  if (plainWord(cursor) === 'elif') {
    cursor.at += 4
    return { kind: 'if', test, then, otherwise: cursor.nested(() => readIf(cursor)) }
  }
  if (plainWord(cursor) === 'else') {
    cursor.at += 4
    const otherwise = readList(cursor, ['fi'])
    expect(cursor, 'fi')
    return { kind: 'if', test, then, otherwise }
  }
  expect(cursor, 'fi')
  return { kind: 'if', test, then }
}

function readFor(cursor: Cursor, text: () => string): Node {
  cursor.skipBlanks()
  const name = plainWord(cursor)
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new NotReadable('a loop cannot be read')
  cursor.at += name.length
  skipLines(cursor)
  let words: Word[] | undefined
  if (plainWord(cursor) === 'in') {
    cursor.at += 2
    words = readWords(cursor)
  }
  cursor.skipBlanks()
  if (cursor.next === ';') cursor.at++
  skipLines(cursor)
  expect(cursor, 'do')
  const body = readList(cursor, ['done'])
  expect(cursor, 'done')
  return { kind: 'for', name, ...(words && { words }), body, redirects: readRedirects(cursor), text: text() }
}

function readCase(cursor: Cursor, text: () => string): Node {
  cursor.skipBlanks()
  const word = cursor.word()
  if (word === undefined) throw new NotReadable('a case cannot be read')
  skipLines(cursor)
  expect(cursor, 'in')
  const arms: { patterns: Word[]; body: Node }[] = []
  for (;;) {
    skipLines(cursor)
    if (plainWord(cursor) === 'esac') break
    if (cursor.next === '(') cursor.at++
    const patterns: Word[] = []
    do {
      if (patterns.length > 0) cursor.at++
      cursor.skipBlanks()
      const pattern = cursor.word()
      if (pattern === undefined) throw new NotReadable('a case cannot be read')
      patterns.push(pattern)
      cursor.skipBlanks()
    } while (cursor.next === '|')
    if (cursor.next !== ')') throw new NotReadable('a case cannot be read')
    cursor.at++
    arms.push({ patterns, body: readList(cursor, ['esac']) })
    if (cursor.startsWith(';;')) cursor.at += 2
  }
  expect(cursor, 'esac')
  return { kind: 'case', word, arms, redirects: readRedirects(cursor), text: text() }
}

function readSimple(cursor: Cursor): Simple {
  const start = cursor.at
  const assignments: { name: string; value: Word }[] = []
  const words: Word[] = []
  const redirects: Redirect[] = []
  for (;;) {
    cursor.skipBlanks()
    const redirect = readRedirect(cursor)
    if (redirect !== undefined) {
      redirects.push(redirect)
      continue
    }
    const name = words.length > 0 ? undefined : /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(cursor.text.slice(cursor.at, cursor.at + 200))?.[1]
    if (name !== undefined) {
      cursor.at += name.length + 1
      assignments.push({ name, value: cursor.word() ?? [] })
      continue
    }
    const word = cursor.word()
    if (word === undefined) break
    words.push(word)
  }
  if (assignments.length + words.length + redirects.length === 0) throw new NotReadable('a command cannot be read')
  return { kind: 'simple', assignments, words, redirects, text: cursor.text.slice(start, cursor.at).trim() }
}

function readWords(cursor: Cursor): Word[] {
  const words: Word[] = []
  for (;;) {
    cursor.skipBlanks()
    const word = cursor.word()
    if (word === undefined) return words
    words.push(word)
  }
}

function readRedirects(cursor: Cursor): Redirect[] {
  const redirects: Redirect[] = []
  for (;;) {
    cursor.skipBlanks()
    const redirect = readRedirect(cursor)
    if (redirect === undefined) return redirects
    redirects.push(redirect)
  }
}

function readRedirect(cursor: Cursor): Redirect | undefined {
  const [number = ''] = /^\d(?=[<>])/.exec(cursor.text.slice(cursor.at, cursor.at + 2)) ?? []
  const operator = OPERATORS.find(text => cursor.text.startsWith(text, cursor.at + number.length))
  if (operator === undefined) return undefined
  cursor.at += number.length + operator.length
  cursor.skipBlanks()
  const target = cursor.word()
  if (target === undefined) throw new NotReadable('a redirection cannot be read')
  if (operator !== '<<' && operator !== '<<-') return { operator, ...(number !== '' && { number }), target }
  const body: { operator: string; target: Word } = { operator: '<<', target: [] }
  const delimiter = target.map(part => (part.kind === 'text' ? part.text : '')).join('')
  const literal = target.some(part => part.kind === 'text' && part.quoted)
  const waiting = heredocs.get(cursor) ?? []
  const put = (read: Word): void => {
    body.target = read
  }
  heredocs.set(cursor, [...waiting, { delimiter, literal, tabs: operator === '<<-', put }])
  return body
}

/** Blanks and line feeds; texts that were announced on a line follow it. */
function skipLines(cursor: Cursor): void {
  for (;;) {
    cursor.skipBlanks()
    if (cursor.next !== '\n') return
    cursor.at++
    for (const pending of heredocs.get(cursor) ?? []) readHeredoc(cursor, pending)
    heredocs.delete(cursor)
  }
}

function readHeredoc(cursor: Cursor, { delimiter, literal, tabs, put }: Pending): void {
  const lines: string[] = []
  for (;;) {
    if (cursor.at >= cursor.text.length) throw new NotReadable('a text in it does not end')
    const feed = cursor.text.indexOf('\n', cursor.at)
    const end = feed < 0 ? cursor.text.length : feed
    const line = cursor.text.slice(cursor.at, end).replace(tabs ? /^\t+/ : /^/, '')
    cursor.at = Math.min(end + 1, cursor.text.length)
    if (line === delimiter) break
    lines.push(line)
  }
  const body = lines.join('\n')
  const inner = new Cursor(body, commands)
  inner.depth = cursor.depth + 1
  put(literal ? [{ kind: 'text', text: body, quoted: true }] : inner.expansions(() => false))
}

function expect(cursor: Cursor, word: string): void {
  skipLines(cursor)
  if (plainWord(cursor) !== word) throw new NotReadable(`${word} is missing`)
  cursor.at += word.length
}

/** The word that follows if it has neither quotes nor expansions; empty otherwise. Nothing is taken. */
function plainWord(cursor: Cursor): string {
  const [text = ''] = /^[^\s;&|<>()'"\\$`]+(?=[\s;&|<>()]|$)/.exec(cursor.text.slice(cursor.at, cursor.at + 200)) ?? []
  return text
}
