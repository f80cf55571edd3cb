/**
 * The parts of a compose file's YAML that are looked at: keys of mappings, through aliases and merge keys (`<<`), in bounded time: aliases
 * are resolved in one pass, and nothing is ever expanded.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Scalar, visit, type YAMLMap } from 'yaml'
import { Fault } from '../model/faults.ts'

const MOST_KEYS = 1000
const DEEPEST = 8
/** Merge keys can branch at every level. */
const MOST_LOOKUPS = 100_000

export class ComposeDocument {
  readonly root: unknown
  readonly #file: string
  readonly #lines = new LineCounter()
  readonly #aliases = new Map<unknown, unknown>()
  readonly #text: string
  #lookups = 0

  /** Faults: `dockerfile-invalid`. */
  constructor(text: string, file: string) {
    this.#file = file
    this.#text = text
    // Keys are held to be unique where they are looked up; the parser compares each with each.
    const document = parseDocument(text, { lineCounter: this.#lines, logLevel: 'silent', uniqueKeys: false })
    const [error] = document.errors
    if (error !== undefined) throw new Fault('dockerfile-invalid', `${file} is no YAML: ${error.message.split('\n')[0]}`)
    this.root = document.contents
    this.#resolveAliases(document)
  }

  /** A mapping's items, own keys alone. */
  items(map: YAMLMap, what: string): readonly (readonly [key: string, value: unknown])[] {
    if (map.items.length > MOST_KEYS) throw new Fault('dockerfile-invalid', `${this.#file} has more than ${MOST_KEYS} ${what}.`)
    const items = map.items.map(({ key, value }) => [isScalar(key) ? String(key.value) : '', this.node(value)] as const)
    const twice = items.find(([key], at) => key !== '<<' && items.findIndex(([other]) => other === key) !== at)
    if (twice !== undefined) throw new Fault('dockerfile-invalid', `${this.#file} has ${JSON.stringify(twice[0].slice(0, 80))} twice.`)
    return items
  }

  /** The value of a key, the mapping's own before what is merged into it; undefined where there is none, or `map` is no mapping. */
  entry(map: unknown, key: string, depth = 0): unknown {
    if (!isMap(map) || depth > DEEPEST) return undefined
    if (map.items.length > MOST_KEYS) throw new Fault('dockerfile-invalid', `${this.#file} has a mapping of more than ${MOST_KEYS} keys.`)
    if (++this.#lookups > MOST_LOOKUPS) throw new Fault('dockerfile-invalid', `${this.#file} merges too many mappings.`)
    const own = map.items.find(item => isScalar(item.key) && item.key.value === key)
    if (own !== undefined) return this.node(own.value)
    const merged = map.items.find(item => isScalar(item.key) && item.key.value === '<<')
    const from = this.node(merged?.value)
    for (const other of isSeq(from) ? from.items.slice(0, DEEPEST) : [from]) {
      const found = this.entry(this.node(other), key, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** What an alias stands for; anything else as it is. */
  node(value: unknown): unknown {
    return isAlias(value) ? this.#aliases.get(value) : value
  }

  /** Counted from 1. */
  lineOf(node: unknown): number {
    return this.#lines.linePos((isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined) ?? 0).line
  }

  /** Where a scalar's text stands as it is, without quotes. */
  placeOf({ range, value }: Scalar): { readonly start: number; readonly end: number } | undefined {
    const [from, to] = range ?? [0, 0]
    const written = String(value)
    const at = this.#text.slice(from, to).indexOf(written)
    return at < 0 || written === '' ? undefined : { start: from + at, end: from + at + written.length }
  }

  /** An alias means the last anchor of its name before it. */
  #resolveAliases(document: Document): void {
    const anchors = new Map<string, unknown>()
    visit(document, {
      Node: (_, node) => {
        if (isAlias(node)) this.#aliases.set(node, anchors.get(node.source))
        else if (node.anchor !== undefined) anchors.set(node.anchor, node)
      },
    })
  }
}
