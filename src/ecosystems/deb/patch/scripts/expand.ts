/** Words of a script as text, as far as it is known what stands in them. */
import { glob } from '../../glob.ts'
import { NotReadable, type Word, type WordPart } from './syntax.ts'

/** A text, or undefined where it cannot be known. */
export type Value = string | undefined

export interface Variables {
  get(name: string): Value
  readonly args: readonly Value[]
  /** What a command prints; undefined where it cannot be known. */
  print(part: WordPart & { readonly kind: 'command' }): Value
  /** Runs what is substituted in a word that may be left out. */
  perhaps(word: Word): void
}

/** Scripts can double a text with each line; longer ones are not known afterwards. */
const LONGEST_TEXT = 64 * 1024
const MOST_WORDS = 10_000

/** The words of a command, one after the other. Throws `NotReadable` where they are more than anybody writes. */
export function expandAll(words: readonly Word[], variables: Variables): Value[] {
  const all: Value[] = []
  for (const word of words) {
    for (const value of expandWords(word, variables)) all.push(value)
    if (all.length > MOST_WORDS) throw new NotReadable('it has a command with more words than can be followed')
  }
  return all
}

/** As one text, without splitting: assignments, case, redirections. */
export function expandText(word: Word, variables: Variables): Value {
  let text: Value = ''
  for (const part of word) {
    const value = partText(part, variables)
    text = text === undefined || value === undefined || text.length + value.length > LONGEST_TEXT ? undefined : text + value
  }
  return text
}

/** As the words that a command gets; one undefined word stands for any number of unknown ones. */
export function expandWords(word: Word, variables: Variables): Value[] {
  const [only] = word
  if (word.length === 1 && only?.kind === 'parameter' && (only.name === '@' || only.name === '*') && only.operator === '')
    return [...variables.args]
  const text = expandText(word, variables)
  if (text === undefined) return [undefined]
  const quoted = word.some(part => part.quoted)
  const fields = word.some(part => !part.quoted && part.kind !== 'text')
  if (!fields) return [text]
  if (quoted) return /\s/.test(text) ? [undefined] : [text]
  return text.split(/[ \t\n]+/).filter(field => field !== '')
}

function partText(part: WordPart, variables: Variables): Value {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'arithmetic':
      expandText(part.parts, variables)
      return undefined
    case 'command':
      return variables.print(part)
    case 'parameter':
      return parameterText(part, variables)
  }
}

function parameterText({ name, operator, argument }: WordPart & { readonly kind: 'parameter' }, variables: Variables): Value {
  const value = variables.get(name)
  if (operator === '') return value
  if (value === undefined) {
    variables.perhaps(argument)
    return undefined
  }
  const text = () => expandText(argument, variables)
  switch (operator) {
    case ':-':
    case '-':
    case ':=':
    case '=':
      // An unset variable and an empty one are not told apart.
      return value === '' ? text() : value
    case ':+':
    case '+':
      return value === '' ? '' : text()
    case ':?':
    case '?':
      return value === '' ? undefined : value
    case 'length':
      return String(value.length)
    default:
      return withoutPattern(value, operator, text())
  }
}

/** Every place to cut is tried; longer texts are not known afterwards. */
const LONGEST_CUT = 4096

/** `#`, `##`, `%`, `%%`. */
function withoutPattern(value: string, operator: string, pattern: Value): Value {
  if (pattern === undefined || value.length > LONGEST_CUT) return undefined
  const front = operator.startsWith('#')
  const longest = operator.length === 2
  const matches = glob(pattern)
  const cuts = Array.from({ length: value.length + 1 }, (_, index) => index)
  const ordered = front === longest ? cuts.reverse() : cuts
  const cut = ordered.find(at => matches(front ? value.slice(0, at) : value.slice(at)))
  return cut === undefined ? value : front ? value.slice(cut) : value.slice(0, cut)
}
