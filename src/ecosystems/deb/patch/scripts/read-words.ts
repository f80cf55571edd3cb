/** The words of a shell script, character by character: quotes, parameters, substitutions. Unknown forms are said, never guessed. */
import { type Node, NotReadable, type Word, type WordPart } from './syntax.ts'

const DEEPEST = 60
const META = ' \t\n;&|<>()'

/** Where a script is being read; the parser of commands gives itself in for substitutions. */
export class Cursor {
  readonly text: string
  at = 0
  depth = 0
  readonly #commands: (cursor: Cursor, end: string) => Node

  constructor(text: string, commands: (cursor: Cursor, end: string) => Node) {
    this.text = text
    this.#commands = commands
  }

  get next(): string {
    return this.text[this.at] ?? ''
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.at)
  }

  nested<T>(read: () => T): T {
    if (++this.depth > DEEPEST) throw new NotReadable('it is nested too deep')
    const result = read()
    this.depth--
    return result
  }

  /** Spaces, joined lines and comments; line feeds are left. */
  skipBlanks(): void {
    for (;;) {
      if (this.next === ' ' || this.next === '\t' || this.next === '\r') this.at++
      else if (this.startsWith('\\\n')) this.at += 2
      else if (this.next === '#') {
        const feed = this.text.indexOf('\n', this.at)
        this.at = feed < 0 ? this.text.length : feed
      } else return
    }
  }

  /** One word; undefined where none begins. `until` are characters that also end it. */
  word(until = META): Word | undefined {
    const parts: WordPart[] = []
    const start = this.at
    while (this.at < this.text.length && !until.includes(this.next)) {
      if (this.startsWith('\\\n')) this.at += 2
      else if (this.next === "'") parts.push({ kind: 'text', text: this.#until("'"), quoted: true })
      else if (this.next === '"') parts.push(...this.#doubleQuoted())
      else if (this.next === '\\') {
        parts.push({ kind: 'text', text: this.text[this.at + 1] ?? '\\', quoted: true })
        this.at += 2
      } else if (this.next === '$' || this.next === '`') parts.push(this.#dollar(false))
      else {
        const from = this.at
        while (this.at < this.text.length && !until.includes(this.next) && !'\'"\\$`'.includes(this.next)) this.at++
        parts.push({ kind: 'text', text: this.text.slice(from, this.at), quoted: false })
      }
    }
    return this.at === start ? undefined : parts
  }

  /** The text between single quotes, or up to another character that ends it. */
  #until(end: string): string {
    const close = this.text.indexOf(end, this.at + 1)
    if (close < 0) throw new NotReadable('a quote is not closed')
    const text = this.text.slice(this.at + 1, close)
    this.at = close + 1
    return text
  }

  #doubleQuoted(): WordPart[] {
    this.at++
    const parts = this.expansions(() => this.next === '"')
    if (this.next !== '"') throw new NotReadable('a quote is not closed')
    this.at++
    return parts.length === 0 ? [{ kind: 'text', text: '', quoted: true }] : parts
  }

  /** Text with expansions as between double quotes, up to where `ended` says or the end of the text. */
  expansions(ended: () => boolean): WordPart[] {
    const parts: WordPart[] = []
    while (this.at < this.text.length && !ended()) {
      if (this.next === '$' || this.next === '`') parts.push(this.#dollar(true))
      else if (this.next === '\\' && '$`"\\\n'.includes(this.text[this.at + 1] ?? 'x')) {
        if (this.text[this.at + 1] !== '\n') parts.push({ kind: 'text', text: this.text[this.at + 1] ?? '', quoted: true })
        this.at += 2
      } else {
        const from = this.at++
        while (this.at < this.text.length && !'$`\\"'.includes(this.next) && !ended()) this.at++
        parts.push({ kind: 'text', text: this.text.slice(from, this.at), quoted: true })
      }
    }
    return parts
  }

  #dollar(quoted: boolean): WordPart {
    if (this.next === '`') return { kind: 'command', body: this.#backquoted(), quoted }
    if (this.startsWith('$((')) return this.#arithmetic(quoted)
    if (this.startsWith('$(')) {
      this.at += 2
      const body = this.nested(() => this.#commands(this, ')'))
      this.at++
      return { kind: 'command', body, quoted }
    }
    if (this.startsWith('${')) return this.nested(() => this.#braced(quoted))
    const [name] = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])/.exec(this.text.slice(this.at + 1, this.at + 200)) ?? []
    this.at += 1 + (name?.length ?? 0)
    if (name === undefined) return { kind: 'text', text: '$', quoted }
    return { kind: 'parameter', name, operator: '', argument: [], quoted }
  }

  /** What it comes to is not known; what is substituted in it runs all the same. */
  #arithmetic(quoted: boolean): WordPart {
    this.at += '$(('.length
    const parts: WordPart[] = []
    for (let open = 0; open > 0 || !this.startsWith('))'); ) {
      if (this.at >= this.text.length || open < 0) throw new NotReadable('its arithmetic cannot be read')
      if (this.next === '$' || this.next === '`') parts.push(this.nested(() => this.#dollar(true)))
      else {
        open += this.next === '(' ? 1 : this.next === ')' ? -1 : 0
        this.at++
      }
    }
    this.at += '))'.length
    return { kind: 'arithmetic', parts, quoted }
  }

  #backquoted(): Node {
    const from = ++this.at
    while (this.at < this.text.length && this.next !== '`') this.at += this.next === '\\' ? 2 : 1
    if (this.next !== '`') throw new NotReadable('a substitution is not closed')
    const inner = this.text.slice(from, this.at).replace(/\\([$`\\])/g, '$1')
    this.at++
    const cursor = new Cursor(inner, this.#commands)
    cursor.depth = this.depth + 1
    return cursor.nested(() => this.#commands(cursor, ''))
  }

  #braced(quoted: boolean): WordPart {
    this.at += 2
    const [, length = '', name = '', operator = ''] =
      /^(#(?=[A-Za-z_0-9@*]))?([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(:?[-=?+]|##?|%%?)?/.exec(this.text.slice(this.at, this.at + 200)) ??
      []
    if (name === '') throw new NotReadable('a parameter cannot be read')
    this.at += length.length + name.length + operator.length
    const argument = operator === '' ? [] : (this.word('}') ?? [])
    if (this.next !== '}') throw new NotReadable('a parameter cannot be read')
    this.at++
    return { kind: 'parameter', name, operator: length === '' ? operator : 'length', argument, quoted }
  }
}
