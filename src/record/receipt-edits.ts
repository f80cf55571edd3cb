import { Fault } from '../model/faults.ts'
import type { ReceiptEdit } from '../model/receipt.ts'
import type { TextEdit } from '../text/edits.ts'
import { applyEdits, describeEdits, sortEdits } from '../text/edits.ts'
import type { JsonMember, JsonNode } from '../text/json-source.ts'
import { readJsonSource } from '../text/json-source.ts'

/** Text kept beside an edit. A deletion leaves nothing of itself, so its surroundings are all there is to find it by. */
const CONTEXT = 48
const CONTEXT_OF_DELETION = 120

/** What a receipt says about edits: what went and came, between which words, inside which JSON value. */
export function receiptEdits(before: string, edits: readonly TextEdit[]): ReceiptEdit[] {
  const whole = wholeScalars(before, edits)
  const after = applyEdits(before, whole)
  const root = readJson(after)
  return describeEdits(before, whole).map(({ start, startAfter, removed, inserted }) => {
    const end = startAfter + inserted.length
    const context = inserted === '' ? CONTEXT_OF_DELETION : CONTEXT
    return {
      start,
      removed,
      inserted,
      key: root === undefined ? [] : keysAround(root, startAfter, end).keys,
      left: after.slice(Math.max(0, startAfter - context), startAfter),
      right: after.slice(end, end + context),
    }
  })
}

/** JSON text as nodes; undefined for text of another kind, which is found by its words alone. */
export function readJson(text: string): JsonNode | undefined {
  try {
    return readJsonSource(text)
  } catch (error) {
    if (error instanceof Fault && error.code === 'json-invalid') return undefined
    throw error
  }
}

/** Edits inside a string or number become edits of the whole of it: half a version is found in too many places. */
function wholeScalars(text: string, edits: readonly TextEdit[]): TextEdit[] {
  const root = readJson(text)
  if (root === undefined) return sortEdits(text, edits)
  const parts = new Map<JsonNode, TextEdit[]>()
  const whole: TextEdit[] = []
  for (const edit of sortEdits(text, edits)) {
    const { node } = keysAround(root, edit.start, edit.end)
    const partial = node.kind !== 'object' && node.kind !== 'array' && (edit.start > node.start || edit.end < node.end)
    if (partial) parts.set(node, [...(parts.get(node) ?? []), edit])
    else whole.push(edit)
  }
  for (const [{ start, end }, inside] of parts) {
    const moved = inside.map(edit => ({ ...edit, start: edit.start - start, end: edit.end - start }))
    whole.push({ start, end, insert: applyEdits(text.slice(start, end), moved) })
  }
  return whole
}

/** The innermost value around a range (an empty range lies inside it, not at its edge), and the keys that lead to it. */
function keysAround(root: JsonNode, start: number, end: number): { node: JsonNode; keys: string[] } {
  const keys: string[] = []
  let node = root
  for (;;) {
    const next: JsonMember | undefined = childAt(node, start)
    const inner = next?.value
    if (next === undefined || inner === undefined) return { node, keys }
    const inside = start === end ? inner.start < start && end < inner.end : inner.start <= start && end <= inner.end
    if (!inside) return { node, keys }
    keys.push(next.key)
    node = inner
  }
}

/** The last child that begins at or before a place; children lie in the order of the text. */
function childAt(node: JsonNode, at: number): JsonMember | undefined {
  const count = node.kind === 'object' ? node.members.length : node.kind === 'array' ? node.items.length : 0
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if ((child(node, middle)?.value.start ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return child(node, low - 1)
}

function child(node: JsonNode, index: number): JsonMember | undefined {
  if (node.kind === 'object') return node.members[index]
  const item = node.kind === 'array' ? node.items[index] : undefined
  return item === undefined ? undefined : { key: String(index), keyStart: item.start, keyEnd: item.start, value: item }
}

/** The value that keys lead to. */
export function nodeAt(root: JsonNode, keys: readonly string[]): JsonNode | undefined {
  let node: JsonNode | undefined = root
  for (const key of keys) {
    if (node?.kind === 'object') node = node.get(key)
    else node = node?.kind === 'array' ? node.items[Number(key)] : undefined
  }
  return node
}
