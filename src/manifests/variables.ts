/** `$NAME`, `${NAME}`, `${NAME:-word}` and their kin, as Dockerfiles and compose files have them. Pure text; nothing is run. */
import type { Lookup } from './image-use.ts'

export interface Expanded {
  readonly text: string
  /** The first name that has no value, where there is one. */
  readonly unset?: string
}

const DEEPEST = 8
const LONGEST = 64 * 1024

/** `mark` before `$` keeps it as it is: `\` or a backtick in Dockerfiles, `$` in compose files. */
export function expand(text: string, lookup: Lookup, mark: string, depth = 0): Expanded {
  let result = ''
  let unset: string | undefined
  for (let at = 0; at < text.length && result.length <= LONGEST; ) {
    const character = text.charAt(at)
    if (character === mark && (mark !== '$' || text.charAt(at + 1) === '$')) {
      result += text.charAt(at + 1)
      at += 2
      continue
    }
    const found = character === '$' ? variableAt(text, at) : undefined
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
      const inner = expand(word, lookup, mark, depth + 1)
      result += inner.text
      unset ??= inner.unset
    } else if (isSet && !operator.endsWith('+')) result += value
    else if (!operator.endsWith('+')) unset ??= found.name
  }
  return { text: result.slice(0, LONGEST), ...(unset === undefined ? {} : { unset }) }
}

interface Variable {
  readonly name: string
  /** Empty, or one of `:-` `-` `:+` `+` `:?` `?`. */
  readonly operator: string
  readonly word: string
  readonly end: number
}

function variableAt(text: string, at: number): Variable | undefined {
  const plain = /^[A-Za-z_][A-Za-z0-9_]{0,254}/.exec(text.slice(at + 1, at + 260))?.[0]
  if (plain !== undefined) return { name: plain, operator: '', word: '', end: at + 1 + plain.length }
  if (text.charAt(at + 1) !== '{') return undefined
  const end = closingBrace(text, at + 2)
  const [, name = '', operator = '', word = ''] = /^([A-Za-z_][A-Za-z0-9_]{0,254})(:?[-+?])?(.*)$/s.exec(text.slice(at + 2, end)) ?? []
  if (end < 0 || name === '' || (operator === '' && word !== '')) return undefined
  return { name, operator, word, end: end + 1 }
}

function closingBrace(text: string, from: number): number {
  let open = 1
  for (let at = from; at < text.length; at++) {
    if (text.charAt(at) === '{') open++
    else if (text.charAt(at) === '}' && --open === 0) return at
  }
  return -1
}
