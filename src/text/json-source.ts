import { Fault } from '../model/faults.ts'

/**
 * A JSON reader that keeps positions, so that text can be edited in place instead of printed anew. Strict JSON (RFC 8259);
 * a byte order mark at the start is kept in the text and skipped. Offsets count UTF-16 code units; `text.slice(start, end)`
 * is the value as written. Nesting is bounded, because lockfiles come from outside.
 */
export type JsonNode = JsonObject | JsonArray | JsonString | JsonNumber | JsonBoolean | JsonNull

export interface JsonMember {
  readonly key: string
  /** The offsets of the key's opening quote, and behind its closing quote. */
  readonly keyStart: number
  readonly keyEnd: number
  readonly value: JsonNode
}

export interface JsonArray {
  readonly kind: 'array'
  readonly start: number
  readonly end: number
  readonly items: readonly JsonNode[]
}

export interface JsonString {
  readonly kind: 'string'
  readonly start: number
  readonly end: number
  readonly value: string
}

export interface JsonNumber {
  readonly kind: 'number'
  readonly start: number
  readonly end: number
  readonly value: number
}

export interface JsonBoolean {
  readonly kind: 'boolean'
  readonly start: number
  readonly end: number
  readonly value: boolean
}

export interface JsonNull {
  readonly kind: 'null'
  readonly start: number
  readonly end: number
  readonly value: null
}

/** What JSON text can say. Objects come without a prototype. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

export interface JsonLimits {
  /** Nesting of objects and arrays; 200 unless given. */
  readonly maxDepth?: number
  /** Values in the whole document; unbounded unless given. */
  readonly maxNodes?: number
  /** Members of one object, or items of one array; unbounded unless given. */
  readonly maxMembers?: number
  /** What messages call the text. */
  readonly file?: string
}

/** Members in the order of the text. A key that occurs twice means its last occurrence, as in `JSON.parse`. */
export class JsonObject {
  readonly kind = 'object'
  readonly start: number
  readonly end: number
  readonly members: readonly JsonMember[]
  #byKey: Map<string, JsonMember> | undefined

  constructor(start: number, end: number, members: readonly JsonMember[]) {
    this.start = start
    this.end = end
    this.members = members
  }

  get(key: string): JsonNode | undefined {
    return this.member(key)?.value
  }

  member(key: string): JsonMember | undefined {
    if (this.#byKey !== undefined || this.members.length > 12) return this.byKey.get(key)
    for (let index = this.members.length - 1; index >= 0; index--) {
      const member = this.members[index]
      if (member?.key === key) return member
    }
    return undefined
  }

  /** Keys that occur more than once, in the order of the text. */
  get duplicates(): readonly string[] {
    if (this.byKey.size === this.members.length) return []
    const seen = new Set<string>()
    const twice = new Set<string>()
    for (const { key } of this.members) (seen.has(key) ? twice : seen).add(key)
    return [...twice]
  }

  get byKey(): ReadonlyMap<string, JsonMember> {
    if (this.#byKey === undefined) {
      this.#byKey = new Map()
      for (const member of this.members) this.#byKey.set(member.key, member)
    }
    return this.#byKey
  }
}

const NO_MEMBERS: readonly JsonMember[] = []
const NO_ITEMS: readonly JsonNode[] = []
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

class Reader {
  readonly text: string
  readonly maxDepth: number
  readonly file: string
  readonly maxMembers: number
  nodesLeft: number
  at = 0
  /** The members and items of what is being read, inner behind outer: a list is cut out when it ends, and has no room to spare. */
  readonly #members: JsonMember[] = []
  readonly #items: JsonNode[] = []

  constructor(text: string, limits: JsonLimits) {
    this.text = text
    this.maxDepth = limits.maxDepth ?? 200
    this.nodesLeft = limits.maxNodes ?? Number.POSITIVE_INFINITY
    this.maxMembers = limits.maxMembers ?? Number.POSITIVE_INFINITY
    this.file = limits.file ?? 'The text'
  }

  document(): JsonNode {
    if (this.text.charCodeAt(0) === 0xfeff) this.at = 1
    this.space()
    const node = this.value(0)
    this.space()
    if (this.at < this.text.length) throw this.invalid(this.at, 'text after the end')
    return node
  }

  value(depth: number): JsonNode {
    if (--this.nodesLeft < 0) throw new Fault('file-too-large', `${this.file} holds more values than Suture reads.`)
    const start = this.at
    const code = this.text.charCodeAt(start)
    if (code === QUOTE) {
      const value = this.string()
      return { kind: 'string', start, end: this.at, value }
    }
    if (code === OPEN_BRACE) return this.object(depth)
    if (code === OPEN_BRACKET) return this.array(depth)
    if (code === 0x74 && this.word('true')) return { kind: 'boolean', start, end: this.at, value: true }
    if (code === 0x66 && this.word('false')) return { kind: 'boolean', start, end: this.at, value: false }
    if (code === 0x6e && this.word('null')) return { kind: 'null', start, end: this.at, value: null }
    NUMBER.lastIndex = start
    if ((code === 0x2d || (code >= 0x30 && code <= 0x39)) && NUMBER.test(this.text)) {
      this.at = NUMBER.lastIndex
      return { kind: 'number', start, end: this.at, value: Number(this.text.slice(start, this.at)) }
    }
    throw this.invalid(start, start >= this.text.length ? 'the text ends early' : 'a value is expected')
  }

  object(depth: number): JsonObject {
    const start = this.at
    this.enter(depth, start)
    this.space()
    if (this.text.charCodeAt(this.at) === CLOSE_BRACE) return new JsonObject(start, ++this.at, NO_MEMBERS)
    const members = this.#members
    const first = members.length
    for (;;) {
      const keyStart = this.at
      if (this.text.charCodeAt(keyStart) !== QUOTE) throw this.invalid(keyStart, 'a key in double quotes is expected')
      const key = this.string()
      const keyEnd = this.at
      this.space()
      if (this.text.charCodeAt(this.at) !== COLON) throw this.invalid(this.at, 'a colon is expected')
      this.at++
      this.space()
      if (members.length - first >= this.maxMembers) throw this.tooMany(start)
      members.push({ key, keyStart, keyEnd, value: this.value(depth + 1) })
      this.space()
      const code = this.text.charCodeAt(this.at)
      if (code === CLOSE_BRACE) return new JsonObject(start, ++this.at, members.splice(first))
      if (code !== COMMA) throw this.invalid(this.at, 'a comma or a closing brace is expected')
      this.at++
      this.space()
    }
  }

  array(depth: number): JsonArray {
    const start = this.at
    this.enter(depth, start)
    this.space()
    if (this.text.charCodeAt(this.at) === CLOSE_BRACKET) return { kind: 'array', start, end: ++this.at, items: NO_ITEMS }
    const items = this.#items
    const first = items.length
    for (;;) {
      if (items.length - first >= this.maxMembers) throw this.tooMany(start)
      items.push(this.value(depth + 1))
      this.space()
      const code = this.text.charCodeAt(this.at)
      if (code === CLOSE_BRACKET) return { kind: 'array', start, end: ++this.at, items: items.splice(first) }
      if (code !== COMMA) throw this.invalid(this.at, 'a comma or a closing bracket is expected')
      this.at++
      this.space()
    }
  }

  enter(depth: number, start: number): void {
    if (depth >= this.maxDepth) {
      throw new Fault('json-too-deep', `${this.file} is nested more than ${this.maxDepth} levels deep at ${this.place(start)}.`)
    }
    this.at++
  }

  string(): string {
    const { text } = this
    const from = this.at + 1
    let to = from
    let escaped = false
    for (;;) {
      const code = text.charCodeAt(to)
      if (code === QUOTE) break
      if (code === BACKSLASH) {
        escaped = true
        to += 2
      } else if (code >= 0x20) to++
      else throw this.invalid(to, to >= text.length ? 'a string does not end' : 'a control character in a string')
    }
    this.at = to + 1
    return escaped ? this.unescape(from - 1, this.at) : text.slice(from, to)
  }

  unescape(start: number, end: number): string {
    try {
      const value: unknown = JSON.parse(this.text.slice(start, end))
      if (typeof value === 'string') return value
    } catch {
      // The position below says more than the engine's message.
    }
    throw this.invalid(start, 'a string holds an escape that JSON does not have')
  }

  word(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false
    this.at += word.length
    return true
  }

  space(): void {
    const { text } = this
    let at = this.at
    let code = text.charCodeAt(at)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at)
    this.at = at
  }

  invalid(at: number, what: string): Fault {
    return new Fault('json-invalid', `${this.file} is not valid JSON: ${what} at ${this.place(at)}.`)
  }

  tooMany(start: number): Fault {
    return new Fault('file-too-large', `${this.file} lists more than ${this.maxMembers} things in one at ${this.place(start)}.`)
  }

  place(at: number): string {
    let line = 1
    let lineStart = 0
    for (let next = this.text.indexOf('\n'); next !== -1 && next < at; next = this.text.indexOf('\n', lineStart)) {
      line++
      lineStart = next + 1
    }
    return `${line}:${at - lineStart + 1}`
  }
}

/** Reads JSON text into nodes with positions. Faults: `json-invalid` (with line:column), `json-too-deep`, `file-too-large`. */
export function readJsonSource(text: string, limits: JsonLimits = {}): JsonNode {
  return new Reader(text, limits).document()
}

/** The plain value of a node; its objects have no prototype, so no key can reach one. */
export function toValue(node: JsonNode): JsonValue {
  if (node.kind === 'array') return node.items.map(toValue)
  if (node.kind !== 'object') return node.value
  const value: { [key: string]: JsonValue } = Object.create(null)
  for (const member of node.members) value[member.key] = toValue(member.value)
  return value
}
