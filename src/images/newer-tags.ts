/**
 * Tags of one line: the same words around one version, as in `1.25.3-bookworm` and `1.25.5-bookworm`, or `bookworm-20231009-slim` and
 * `bookworm-20240110-slim`. What a person would call the same image, later.
 */

interface ReadTag {
  readonly numbers: readonly number[]
  /** What stands before and after the version. */
  readonly around: string
}

const DATE = /^(19|20)\d{6}$/

/**
 * Newer tags of the same line, at most two: the newest of the same minor version (of 1.25: 1.25.x), and the newest of the same major one.
 * Dates are one line. A tag without a version, or with one number alone, has none.
 */
export function newerTags(tag: string, all: readonly string[]): readonly string[] {
  const own = readTag(tag)
  if (own === undefined) return []
  const candidates = [...new Set(all)].flatMap(other => {
    const read = readTag(other)
    if (read === undefined || read.around !== own.around || read.numbers.length !== own.numbers.length) return []
    return isDate(own) === isDate(read) && compare(read.numbers, own.numbers) > 0 ? [{ tag: other, numbers: read.numbers }] : []
  })
  candidates.sort((a, b) => compare(b.numbers, a.numbers))
  if (isDate(own)) return candidates.slice(0, 1).map(candidate => candidate.tag)
  const sameLine = (length: number) =>
    candidates.find(({ numbers }) => numbers.slice(0, length).every((number, at) => number === own.numbers[at]))?.tag
  // With two numbers (12.4) the second one is all that may move.
  const minor = own.numbers.length > 2 ? sameLine(own.numbers.length - 1) : undefined
  // A 0.x has its lines in the second number.
  const major = own.numbers[0] === 0 && own.numbers.length > 2 ? undefined : sameLine(1)
  return [...new Set([minor, major].filter(found => found !== undefined))]
}

function readTag(tag: string): ReadTag | undefined {
  const match = /(?<![0-9A-Za-z])v?(\d{1,15}(?:\.\d{1,15}){0,3})(?![0-9A-Za-z.])/.exec(tag)
  const version = match?.[1]
  if (match === null || version === undefined) return undefined
  const numbers = version.split('.').map(Number)
  if (numbers.length === 1 && !DATE.test(version)) return undefined
  return {
    numbers,
    around: `${tag.slice(0, match.index)}\0${match[0].startsWith('v') ? 'v' : ''}\0${tag.slice(match.index + match[0].length)}`,
  }
}

function isDate({ numbers }: ReadTag): boolean {
  return numbers.length === 1
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, number] of a.entries()) {
    const difference = number - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
