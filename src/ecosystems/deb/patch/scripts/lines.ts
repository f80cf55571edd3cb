/** `… | while read name`: the loop's turns where the text before it is known. */
import type { Value } from './expand.ts'
import type { Node } from './syntax.ts'

export interface Lines {
  readonly name: string
  /** One for each turn; what `read` would change (blanks at the ends, backslashes) is not known. */
  readonly values: readonly Value[]
  readonly body: Node
}

const MOST_LINES = 1000

/** Undefined for what is no such loop, or one over more lines than can be followed. */
export function linesFor(node: Node, input: string): Lines | undefined {
  if (node.kind !== 'while' || node.redirects.length > 0 || node.test.kind !== 'list') return undefined
  const [test, further] = node.test.items
  if (test?.kind !== 'simple' || further !== undefined) return undefined
  const words = test.words.map(word => word.map(part => (part.kind === 'text' ? part.text : '\0')).join(''))
  const [command, ...names] = words.filter(word => word !== '-r')
  const [name, more] = names
  if (command !== 'read' || name === undefined || more !== undefined || !/^[A-Za-z_]\w*$/.test(name)) return undefined
  const lines = input.split('\n')
  // What follows the last line's end is no line.
  if (lines.pop() !== '' || lines.length > MOST_LINES) return undefined
  return { name, values: lines.map(line => (/^\s|\s$|\\/.test(line) ? undefined : line)), body: node.body }
}
