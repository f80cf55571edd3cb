/**
 * The order of Python versions, `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`. Source: PEP 440 (Version specifiers, packaging.python.org),
 * "Summary of permitted suffixes and relative ordering" and the normalisation rules that the specification asks of every reader.
 *
 * Releases compare number by number, shorter ones filled up with zeros. Of one release: `.devN` sorts before pre-releases, these before the release,
 * `.postN` behind it; a development release sorts before what it leads to. Local parts sort behind the version without one: words
 * before numbers.
 */
import { compareNumbers } from './numerals.ts'
import type { VersionScheme } from './scheme.ts'

const LONGEST = 256
const REMEMBERED = 20_000
const VERSION =
  /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i

const PHASES: Readonly<Record<string, number>> = { a: 0, alpha: 0, b: 1, beta: 1, c: 2, rc: 2, pre: 2, preview: 2 }

interface Parts {
  readonly epoch: string
  readonly release: readonly string[]
  /** -1: a development release of the release itself; 3: no pre-release. */
  readonly phase: number
  readonly phaseNumber: string
  /** Absent: sorts before every post-release. */
  readonly post: string | undefined
  /** Absent: sorts behind every development release. */
  readonly dev: string | undefined
  readonly local: readonly string[]
}

const parsed = new Map<string, Parts | null>()

function parse(version: string): Parts | null {
  const known = parsed.get(version)
  if (known !== undefined) return known
  if (parsed.size >= REMEMBERED) parsed.clear()
  const fresh = parseAnew(version)
  parsed.set(version, fresh)
  return fresh
}

function parseAnew(version: string): Parts | null {
  const match = version.length > LONGEST ? null : VERSION.exec(version)
  if (match === null) return null
  const [, epoch = '0', release = '', word, phaseNumber = '', dashed, postWord, postNumber = '', devWord, devNumber = '', local] = match
  const post = dashed ?? (postWord === undefined ? undefined : postNumber || '0')
  const dev = devWord === undefined ? undefined : devNumber || '0'
  const phase = word !== undefined ? (PHASES[word.toLowerCase()] ?? 3) : post === undefined && dev !== undefined ? -1 : 3
  const locals = local === undefined ? [] : local.toLowerCase().split(/[-_.]/)
  return { epoch, release: withoutZeros(release.split('.')), phase, phaseNumber: phaseNumber || '0', post, dev, local: locals }
}

function withoutZeros(release: readonly string[]): readonly string[] {
  let end = release.length
  while (end > 1 && /^0+$/.test(release[end - 1] ?? '')) end--
  return release.slice(0, end)
}

function demand(version: string): Parts {
  const parts = parse(version)
  if (parts === null) throw new TypeError(`not a Python version: ${version}`)
  return parts
}

/** `absent`: where what is absent sorts. */
function compareOptional(a: string | undefined, b: string | undefined, absent: -1 | 1): number {
  if (a === undefined) return b === undefined ? 0 : absent
  return b === undefined ? -absent : compareNumbers(a, b)
}

function compareReleases(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compareNumbers(a[i] ?? '0', b[i] ?? '0')
    if (order !== 0) return order
  }
  return 0
}

function compareLocal(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [one, other] = [a[i] ?? '', b[i] ?? '']
    const [oneIsNumber, otherIsNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)]
    if (oneIsNumber !== otherIsNumber) return oneIsNumber ? 1 : -1
    const order = oneIsNumber ? compareNumbers(one, other) : one < other ? -1 : one > other ? 1 : 0
    if (order !== 0) return order
  }
  return a.length - b.length
}

export const python: VersionScheme = {
  compare(a, b) {
    if (a === b) return 0
    const [left, right] = [demand(a), demand(b)]
    return (
      compareNumbers(left.epoch, right.epoch) ||
      compareReleases(left.release, right.release) ||
      left.phase - right.phase ||
      compareNumbers(left.phaseNumber, right.phaseNumber) ||
      compareOptional(left.post, right.post, -1) ||
      compareOptional(left.dev, right.dev, 1) ||
      compareLocal(left.local, right.local)
    )
  },
  valid: version => parse(version) !== null,
  bound: text => (parse(text) === null ? undefined : text),
}
