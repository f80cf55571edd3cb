import type { TextEdit } from './edits.ts'
import type { JsonMember, JsonNode, JsonObject, JsonValue } from './json-source.ts'
import { toValue } from './json-source.ts'

/**
 * Edits for JSON text that keep its habits: indent, line ends, the space behind colons, one line or many. Nothing is printed anew
 * but what is asked for.
 */
export interface JsonStyle {
  /** One level of indent; undefined for text without line breaks. */
  readonly indent: string | undefined
  readonly newline: string
  /** Between key and value. */
  readonly colon: string
}

export interface MemberChanges {
  /** New values of members that stay; each is reached with the least text. */
  readonly set?: ReadonlyMap<string, JsonValue>
  /** Edits that were made for the values of members that stay. */
  readonly inside?: readonly TextEdit[]
  readonly remove?: ReadonlySet<string>
  /** New members; each goes to its place by `compare`, else to the end. A key may be in `remove` as well: then it moves. */
  readonly insert?: ReadonlyMap<string, JsonValue>
  readonly compare?: MemberOrder
}

/** Sorts two members by key and value; the value counts because npm prints objects behind everything else. */
export type MemberOrder = (a: { key: string; isObject: boolean }, b: { key: string; isObject: boolean }) => number

/** The habits of a JSON text, taken from its outermost object. */
export function jsonStyle(text: string, root: JsonNode): JsonStyle {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const first = root.kind === 'object' ? root.members[0] : undefined
  if (root.kind !== 'object' || first === undefined) return { indent: '  ', newline, colon: ': ' }
  const lead = text.slice(root.start + 1, first.keyStart)
  const indent = lead.includes('\n') ? lead.slice(lead.lastIndexOf('\n') + 1) : undefined
  return { indent, newline, colon: text.slice(first.keyEnd, first.value.start) }
}

/** Prints a value as `JSON.stringify` does, with the given habits; `indent` is that of the line it begins on. */
export function printJson(value: JsonValue, style: JsonStyle, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = style.indent === undefined ? '' : indent + style.indent
  const open = style.indent === undefined ? '' : style.newline + inner
  const close = style.indent === undefined ? '' : style.newline + indent
  const items = isArray(value)
    ? value.map(item => printJson(item, style, inner))
    : Object.entries(value).map(([key, item]) => printMember(key, item, style, inner))
  const [left, right] = isArray(value) ? '[]' : '{}'
  return items.length === 0 ? `${left}${right}` : `${left}${open}${items.join(`,${open}`)}${close}${right}`
}

export function setMember(
  text: string,
  object: JsonObject,
  key: string,
  value: JsonValue,
  style: JsonStyle,
  compare?: MemberOrder,
): TextEdit[] {
  const change = new Map([[key, value]])
  const changes = object.member(key) === undefined ? { insert: change } : { set: change }
  return editMembers(text, object, compare === undefined ? changes : { ...changes, compare }, style)
}

export function removeMember(text: string, object: JsonObject, key: string, style: JsonStyle): TextEdit[] {
  return editMembers(text, object, { remove: new Set([key]) }, style)
}

/** Turns one value into another with the least text: objects member by member, anything else as a whole, equal values not at all. */
export function reviseValue(text: string, node: JsonNode, value: JsonValue, style: JsonStyle, compare?: MemberOrder): TextEdit[] {
  if (node.kind !== 'object' || !isRecord(value)) {
    if (JSON.stringify(toValue(node)) === JSON.stringify(value)) return []
    return [{ start: node.start, end: node.end, insert: printJson(value, style, lineIndent(text, node.start)) }]
  }
  const wanted = new Map(Object.entries(value))
  const set = new Map([...wanted].filter(([key]) => node.member(key) !== undefined))
  const insert = new Map([...wanted].filter(([key]) => node.member(key) === undefined))
  const remove = new Set(node.members.map(member => member.key).filter(key => !wanted.has(key)))
  return editMembers(text, node, { set, insert, remove, ...(compare === undefined ? {} : { compare }) }, style)
}

/**
 * All changes to the members of one object, as edits that do not overlap: members that stay keep every byte, commas are
 * taken and given with the members that go and come.
 */
export function editMembers(text: string, object: JsonObject, changes: MemberChanges, style: JsonStyle): TextEdit[] {
  const { set, remove, insert, compare } = changes
  const layout = layoutOf(text, object, style)
  const edits: TextEdit[] = [...(changes.inside ?? [])]
  const rows = rowsOf(object, remove ?? new Set(), insert ?? new Map(), compare)
  for (const row of rows) {
    if (row.kind !== 'kept' || row.member === undefined) continue
    const value = set?.get(row.member.key)
    if (value !== undefined) edits.push(...reviseValue(text, row.member.value, value, layout.style, compare))
  }
  const print = (row: Row) => printMember(row.key, row.value ?? null, layout.style, layout.indent)
  let before: JsonMember | undefined
  let gone: JsonMember[] = []
  let come: string[] = []
  for (const row of [...rows, undefined]) {
    if (row?.kind === 'gone' && row.member !== undefined) gone.push(row.member)
    else if (row?.kind === 'come') come.push(print(row))
    else {
      const after = row?.member
      if (gone.length > 0 || come.length > 0) edits.push(gapEdit({ object, before, after, gone, come, layout }))
      before = after
      gone = []
      come = []
    }
  }
  return edits
}

interface Row {
  readonly kind: 'kept' | 'gone' | 'come'
  readonly key: string
  readonly member?: JsonMember
  readonly value?: JsonValue
}

/** Members that stay, go and come, in the order that the text will have. */
function rowsOf(
  object: JsonObject,
  remove: ReadonlySet<string>,
  insert: ReadonlyMap<string, JsonValue>,
  compare: MemberOrder | undefined,
): Row[] {
  const rows: Row[] = object.members.map(member => ({ kind: remove.has(member.key) ? 'gone' : 'kept', key: member.key, member }))
  const fresh: Row[] = [...insert].map(([key, value]) => ({ kind: 'come', key, value }))
  if (compare === undefined) return [...rows, ...fresh]
  const order = (a: Row, b: Row) => compare({ key: a.key, isObject: rowIsObject(a) }, { key: b.key, isObject: rowIsObject(b) })
  const sorted = rows.every((row, index) => index === 0 || order(rows[index - 1] ?? row, row) <= 0)
  const places = fresh.sort(order).map(row => (sorted ? sortedPlace(row, rows, order) : calmPlace(row, rows, order)))
  const merged: Row[] = []
  let next = 0
  for (let at = 0; at <= rows.length; at++) {
    for (let row = fresh[next]; row !== undefined && places[next] === at; row = fresh[++next]) merged.push(row)
    const row = rows[at]
    if (row !== undefined) merged.push(row)
  }
  return merged
}

function sortedPlace(row: Row, rows: readonly Row[], order: (a: Row, b: Row) => number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = rows[middle]
    if (other !== undefined && order(other, row) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Among rows that are not sorted: the place where the fewest stand on the wrong side of the new one. */
function calmPlace(row: Row, rows: readonly Row[], order: (a: Row, b: Row) => number): number {
  let wrong = 0
  let best = 0
  let least = 0
  for (const [index, other] of rows.entries()) {
    wrong += order(other, row) <= 0 ? -1 : 1
    if (wrong > least) continue
    least = wrong
    best = index + 1
  }
  return best
}

function rowIsObject(row: Row): boolean {
  if (row.member !== undefined) return row.member.value.kind === 'object'
  return row.value !== undefined && isRecord(row.value)
}

interface Gap {
  readonly object: JsonObject
  readonly before: JsonMember | undefined
  readonly after: JsonMember | undefined
  readonly gone: readonly JsonMember[]
  readonly come: readonly string[]
  readonly layout: Layout
}

/** The one edit between two members that stay (or the object's ends). */
function gapEdit({ object, before, after, gone, come, layout }: Gap): TextEdit {
  const joined = come.join(layout.separator)
  const first = gone[0]
  const last = gone.at(-1)
  if (before !== undefined) {
    const end = last?.value.end ?? before.value.end
    return { start: before.value.end, end, insert: come.length === 0 ? '' : layout.separator + joined }
  }
  if (after !== undefined) {
    return { start: first?.keyStart ?? after.keyStart, end: after.keyStart, insert: come.length === 0 ? '' : joined + layout.separator }
  }
  if (come.length === 0) return { start: object.start + 1, end: object.end - 1, insert: '' }
  if (first === undefined || last === undefined) {
    return { start: object.start + 1, end: object.end - 1, insert: layout.open + joined + layout.close }
  }
  return { start: first.keyStart, end: last.value.end, insert: joined }
}

interface Layout {
  readonly style: JsonStyle
  readonly indent: string
  readonly open: string
  readonly close: string
  readonly separator: string
}

/** How the members of one object are laid out: one to a line at some indent, or all on one line. */
function layoutOf(text: string, object: JsonObject, style: JsonStyle): Layout {
  const [first, second] = object.members
  const lead = first === undefined ? undefined : text.slice(object.start + 1, first.keyStart)
  if (style.indent === undefined || (lead !== undefined && !lead.includes('\n'))) {
    const separator = first && second ? text.slice(first.value.end, second.keyStart) : ','
    const inline = { ...style, indent: undefined }
    return { style: inline, indent: '', open: '', close: '', separator }
  }
  const outer = lineIndent(text, object.start)
  const indent = lead === undefined ? outer + style.indent : lead.slice(lead.lastIndexOf('\n') + 1)
  return { style, indent, open: style.newline + indent, close: style.newline + outer, separator: `,${style.newline}${indent}` }
}

function lineIndent(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}

function printMember(key: string, value: JsonValue, style: JsonStyle, indent: string): string {
  return JSON.stringify(key) + style.colon + printJson(value, style, indent)
}

function isRecord(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !isArray(value)
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
