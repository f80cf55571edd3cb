/** Edits for JSON arrays in the text's own habits: items go and come, every byte of those that stay is kept. */
import type { TextEdit } from '../text/edits.ts'
import type { JsonStyle } from '../text/json-edits.ts'
import { printJson } from '../text/json-edits.ts'
import type { JsonArray, JsonNode, JsonValue } from '../text/json-source.ts'

export interface ItemChanges {
  /** Places of items that go. */
  readonly remove?: ReadonlySet<number>
  /** New items, behind the last. */
  readonly append?: readonly JsonValue[]
}

export function editItems(text: string, array: JsonArray, changes: ItemChanges, style: JsonStyle): TextEdit[] {
  const remove = changes.remove ?? new Set()
  const append = changes.append ?? []
  const kept = array.items.filter((_, at) => !remove.has(at))
  const last = kept.at(-1)
  const edits = last === undefined ? [] : gapsBetween(array, remove)
  const form = formOf(text, array, style)
  const printed = append.map(value => form.print(value)).join(form.separator)
  const tail = array.items.at(-1)
  if (last === undefined) {
    if (tail === undefined && printed === '') return edits
    const [start, end] = tail === undefined ? [array.start + 1, array.end - 1] : [array.items[0]?.start ?? array.start + 1, tail.end]
    // Without an item that stays, an array that loses all of them is empty on one line.
    if (printed === '') return [{ start: array.start + 1, end: array.end - 1, insert: '' }]
    return [{ start, end, insert: tail === undefined ? form.open + printed + form.close : printed }]
  }
  const end = tail?.end ?? last.end
  if (end > last.end || printed !== '') edits.push({ start: last.end, end, insert: printed === '' ? '' : form.separator + printed })
  return edits
}

/** One edit for each run of items that goes before the last one that stays. */
function gapsBetween(array: JsonArray, remove: ReadonlySet<number>): TextEdit[] {
  const edits: TextEdit[] = []
  let before: JsonNode | undefined
  let gone: JsonNode | undefined
  for (const [at, item] of array.items.entries()) {
    if (remove.has(at)) {
      gone ??= item
      continue
    }
    if (gone !== undefined) {
      const edit = before === undefined ? { start: gone.start, end: item.start } : { start: before.end, end: lastOf(array, at).end }
      edits.push({ ...edit, insert: '' })
    }
    before = item
    gone = undefined
  }
  return edits
}

function lastOf(array: JsonArray, at: number): JsonNode {
  return array.items[at - 1] ?? array
}

interface Form {
  readonly separator: string
  readonly open: string
  readonly close: string
  print(value: JsonValue): string
}

/** How the items of one array are laid out: one to a line, or all on one; each printed over several lines only where its neighbour is. */
function formOf(text: string, array: JsonArray, style: JsonStyle): Form {
  const [first, second] = array.items
  const inline = { ...style, indent: undefined }
  if (first === undefined) {
    if (style.indent === undefined) return { separator: ',', open: '', close: '', print: value => printJson(value, inline) }
    const outer = indentAt(text, array.start)
    const inner = outer + style.indent
    const line = style.newline + inner
    return { separator: `,${line}`, open: line, close: style.newline + outer, print: value => printJson(value, style, inner) }
  }
  const lead = text.slice(array.start + 1, first.start)
  const separator = second === undefined ? `,${lead}` : text.slice(first.end, second.start)
  const many =
    text.slice(first.start, first.end).includes('\n') || (style.indent !== undefined && first.kind !== 'object' && lead.includes('\n'))
  const indent = indentAt(text, first.start)
  const compact = { ...inline, colon: colonOf(text, first) ?? style.colon }
  return { separator, open: '', close: '', print: value => (many ? printJson(value, style, indent) : printJson(value, compact)) }
}

function colonOf(text: string, node: JsonNode): string | undefined {
  const member = node.kind === 'object' ? node.members[0] : undefined
  return member === undefined ? undefined : text.slice(member.keyEnd, member.value.start)
}

function indentAt(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}
