/** `$NAME`, `${NAME}`, `${NAME:-word}` and their kin, as Dockerfiles and compose files have them. Pure text; nothing is run. */
import type { Lookup } from './image-use.ts'

export interface Expanded {
  /** Longer than the limit by one character where it would have been longer still. */
  readonly text: string
  /** The first name that has no value, where there is one. */
  readonly unset?: string
}

const DEEPEST = 8

/** `mark` before `$` keeps it as it is: `\` or a backtick in Dockerfiles, `$` in compose files. `limit`: of characters that are made. */
export function expand(text: string, lookup: Lookup, mark: string, limit: number, depth = 0): Expanded {
  const closing = closingBraces(text)
  let result = ''
  let unset: string | undefined
  for (let at = 0; at < text.length && result.length <= limit; ) {
    const character = text.charAt(at)
    if (character === mark && (mark !== '$' || text.charAt(at + 1) === '$')) {
      result += text.charAt(at + 1)
      at += 2
      continue
    }
    const found = character === '$' ? variableAt(text, at, closing) : undefined
    if (found === undefined) {
      result += character
      at++
      continue
    }
    at = found.end
    const value = lookup(found.name)
    const { operator, word } = found
    const isSet = value !== undefined && (value !== '' || !operator.startsWith(':'))
    const wantsWord = operator.endsWith('+') ? isSet : operator.endsWith('-') && !isSet
    if (wantsWord && depth < DEEPEST) {
      const inner = expand(word, lookup, mark, limit, depth + 1)
      result += inner.text
      unset ??= inner.unset
    } else if (isSet && !operator.endsWith('+')) result += value
    else if (!operator.endsWith('+')) unset ??= found.name
  }
  return { text: result.slice(0, limit + 1), ...(unset === undefined ? {} : { unset }) }
}

interface Variable {
  readonly name: string
  /** Empty, or one of `:-` `-` `:+` `+` `:?` `?`. */
  readonly operator: string
  readonly word: string
  readonly end: number
}

function variableAt(text: string, at: number, closing: ReadonlyMap<number, number>): Variable | undefined {
  const plain = /^[A-Za-z_][A-Za-z0-9_]{0,254}/.exec(text.slice(at + 1, at + 260))?.[0]
  if (plain !== undefined) return { name: plain, operator: '', word: '', end: at + 1 + plain.length }
  const end = closing.get(at + 1)
  if (end === undefined) return undefined
  const [, name = '', operator = '', word = ''] = /^([A-Za-z_][A-Za-z0-9_]{0,254})(:?[-+?])?(.*)$/s.exec(text.slice(at + 2, end)) ?? []
  if (name === '' || (operator === '' && word !== '')) return undefined
  return { name, operator, word, end: end + 1 }
}

/** Each `{` that is closed → where. Found in one pass: a text may hold nothing but opening braces. */
function closingBraces(text: string): ReadonlyMap<number, number> {
  const closing = new Map<number, number>()
  if (!text.includes('${')) return closing
  const open: number[] = []
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '{') open.push(at)
    const start = character === '}' ? open.pop() : undefined
    if (start !== undefined) closing.set(start, at)
  }
  return closing
}
