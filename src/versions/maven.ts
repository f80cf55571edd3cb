/**
 * The order of Maven versions. Source: the POM reference, "Version Order Specification".
 *
 * A version is split at dots, hyphens and between digits and letters; where nothing stands between, a hyphen is meant, and an empty token is 0.
 * A word behind a dot is as one behind a hyphen. What means nothing (0, `ga`, `final`, `release`) is dropped before each hyphen and at the end. Tokens then
 * compare from the left, the end of a version as the word that is empty: words that announce a release, the end, `sp`, other
 * words by the alphabet, numbers behind a hyphen, numbers behind a dot. So every version is one endless row of tokens, and the order is total.
 */
import { compareNumbers } from './numerals.ts'
import type { VersionScheme } from './scheme.ts'

const REMEMBERED = 20_000
/** Maven takes any text; what is no printable ASCII is in no repository. */
const VERSION = /^[\x21-\x7e]{1,256}$/

/** In this order; those that are not listed follow `sp`. */
const WORDS: readonly string[] = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp']
const SAME: ReadonlyMap<string, string> = new Map([
  ['cr', 'rc'],
  ['ga', ''],
  ['final', ''],
  ['release', ''],
])
/** Only directly before a number. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
])
const OTHER_WORD = WORDS.length
const AFTER_HYPHEN = OTHER_WORD + 1
const AFTER_DOT = OTHER_WORD + 2

interface Token {
  readonly rank: number
  /** Digits of a number, or a word that has no rank of its own. */
  readonly text: string
}

const END: Token = { rank: WORDS.indexOf(''), text: '' }

const parsed = new Map<string, readonly Token[]>()

function tokensOf(version: string): readonly Token[] {
  const known = parsed.get(version)
  if (known !== undefined) return known
  if (!VERSION.test(version)) throw new TypeError(`not a Maven version: ${version}`)
  if (parsed.size >= REMEMBERED) parsed.clear()
  const fresh = parse(version.toLowerCase())
  parsed.set(version, fresh)
  return fresh
}

function parse(version: string): readonly Token[] {
  const tokens: Token[] = []
  // The first number is as behind a dot. Pieces are separators, numbers and words in turns, where nothing is missing.
  let separator: '.' | '-' = '.'
  let isMissing = true
  const pieces = version.match(/[.-]|\d+|[^\d.-]+/g) ?? []
  const add = (token: Token, isHyphen: boolean): void => {
    if (isHyphen) dropNothings(tokens)
    tokens.push(token)
  }
  const addNumber = (digits: string): void => add({ rank: separator === '.' ? AFTER_DOT : AFTER_HYPHEN, text: digits }, separator === '-')
  for (const [at, piece] of pieces.entries()) {
    if (piece === '.' || piece === '-') {
      if (isMissing) addNumber('0')
      separator = piece
      isMissing = true
      continue
    }
    if (isNumber(piece)) addNumber(piece)
    else add(wordToken(piece, isNumber(pieces[at + 1] ?? '')), true)
    separator = '-'
    isMissing = false
  }
  dropNothings(tokens)
  return tokens
}

function isNumber(piece: string): boolean {
  return /^\d/.test(piece)
}

function wordToken(word: string, beforeNumber: boolean): Token {
  const whole = (beforeNumber ? SHORT.get(word) : undefined) ?? SAME.get(word) ?? word
  const rank = WORDS.indexOf(whole)
  return rank < 0 ? { rank: OTHER_WORD, text: whole } : { rank, text: '' }
}

function dropNothings(tokens: Token[]): void {
  for (let last = tokens.at(-1); last !== undefined && meansNothing(last); last = tokens.at(-1)) tokens.pop()
}

function meansNothing({ rank, text }: Token): boolean {
  return rank === END.rank || (rank > OTHER_WORD && /^0+$/.test(text))
}

function compareTokens(a: Token, b: Token): number {
  if (a.rank !== b.rank) return a.rank - b.rank
  if (a.rank > OTHER_WORD) return compareNumbers(a.text, b.text)
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0
}

export const maven: VersionScheme = {
  compare(a, b) {
    if (a === b) return 0
    const [left, right] = [tokensOf(a), tokensOf(b)]
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
      const order = compareTokens(left[i] ?? END, right[i] ?? END)
      if (order !== 0) return order
    }
    return 0
  },
  valid: version => VERSION.test(version),
  bound: text => (VERSION.test(text) ? text : undefined),
}
