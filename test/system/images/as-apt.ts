/** The patched tree beside what `apt-get install` of the same versions leaves of the same image, and the differences that are meant to be. */
import assert from 'node:assert/strict'
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PatchedCase, Setting } from './patched.ts'
import { type Difference, differences, readTree } from './tree.ts'

interface Explained {
  /** Its heading in docs/concepts/image-differences.md. */
  readonly heading: string
  matches(path: string, kind: Difference['kind']): boolean
}

/** Exactly what is named, also what is held, and nothing asked about conffiles. */
const AS_TOLD = [
  '-y -q=2 --no-install-recommends --allow-change-held-packages',
  '-o APT::Get::Upgrade-By-Source-Package=false',
  '-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold',
]

/** Fails for a difference that nothing explains; `added` is what only apt leaves. */
export function assertAsApt({ containers }: Setting, made: PatchedCase, more: readonly Explained[] = []): void {
  const wanted = made.changes.flatMap(({ name, to, locations }) => (to === undefined ? [] : [`${keyOf(name, locations)}=${to}`]))
  const script = `apt-get update -q=2 >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install ${AS_TOLD.join(' ')} ${wanted.join(' ')} >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; exit 1; }; rm -f /tmp/apt.log`
  const tree = containers.tree(made.original, `${made.name}-apt`, script)
  const unexplained = differences(made.after, readTree(tree)).filter(
    ({ path, kind }) =>
      ![...EXPLAINED, ...more].some(({ matches }) => matches(path, kind)) &&
      !(path === 'var/lib/dpkg/triggers/File' && sorted(made.trees.after, path) === sorted(tree, path)),
  )
  const shown = unexplained.map(difference =>
    difference.kind === 'changed' ? { ...difference, lines: differentLines(made.trees.after, tree, difference.path) } : difference,
  )
  assert.deepEqual(shown, [], 'differs from what apt-get install leaves')
}

const sorted = (tree: string, path: string) => readFileSync(join(tree, path), 'utf8').split('\n').sort().join('\n')

/** Where two files begin to differ, some lines of each: after `-` ours, after `+` apt's. */
function differentLines(ours: string, apts: string, path: string): readonly string[] {
  const isText = (tree: string) => lstatSync(join(tree, path), { throwIfNoEntry: false })?.isFile() === true
  if (![ours, apts].every(isText)) return []
  const [one = [], other = []] = [ours, apts].map(tree => readFileSync(join(tree, path), 'latin1').split('\n'))
  const at = one.findIndex((line, number) => line !== other[number])
  const some = (lines: readonly string[], sign: string) =>
    lines
      .slice(Math.max(at, 0))
      .slice(0, 4)
      .map(line => `${sign}${line.slice(0, 200)}`)
  return [...some(one, '-'), ...some(other, '+')]
}

function keyOf(name: string, [location = '']: readonly string[]): string {
  return location.startsWith(`${name}:`) && !location.endsWith(':all') ? location : name
}

const explained = (heading: string, pattern: RegExp, only?: Difference['kind']): Explained => ({
  heading,
  matches: (path, kind) => pattern.test(path) && (only === undefined || kind === only),
})

export const EXPLAINED: readonly Explained[] = [
  explained('Logs', /^var\/log\//),
  explained('Caches', /^var\/cache\/(apt|debconf|ldconfig|man|fontconfig)(\/|$)/),
  explained('Package indexes', /^var\/lib\/apt\/lists(\/|$)/, 'added'),
  explained('Package indexes', /^var\/lib\/apt\/lists\/partial$/, 'changed'),
  explained('Copies of the database', /^var\/lib\/dpkg\/[^/]+-old$|^var\/cache\/debconf\/.*-old$|^etc\/ca-certificates\.conf\.dpkg-old$/),
  explained('Compiled Python', /\/__pycache__(\/|$)/),
  explained('Who was asked for', /^var\/lib\/apt\/extended_states$/),
  explained('Locks', /^var\/(lib\/(dpkg|apt)|cache\/apt)\/.*lock(-frontend)?$/),
]

/** Of the packages made for it: what dpkg would put back. */
export const KEPT: readonly Explained[] = [
  explained(
    'Modes, owners and capabilities',
    /^usr\/bin\/odd-(no-longer-setuid|only-mode|owner|capable)$|^usr\/share\/odd-modes$/,
    'changed',
  ),
]
