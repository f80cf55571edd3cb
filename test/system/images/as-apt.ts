/** The patched tree beside what `apt-get install` of the same versions leaves of the same image, and the differences that are meant to be. */
import assert from 'node:assert/strict'
import type { PatchedCase, Setting } from './patched.ts'
import { type Difference, differences, readTree } from './tree.ts'

interface Explained {
  /** Its heading in docs/concepts/image-differences.md. */
  readonly heading: string
  matches(path: string, kind: Difference['kind']): boolean
}

/** From the patched image to apt's: `added` is what only apt leaves. */
function aptDifferences({ containers }: Setting, made: PatchedCase): readonly Difference[] {
  const wanted = made.changes.flatMap(({ name, to, locations }) => (to === undefined ? [] : [`${keyOf(name, locations)}=${to}`]))
  const script = `apt-get update -q=2 >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q=2 --no-install-recommends --allow-change-held-packages ${wanted.join(' ')} >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; exit 1; }; rm -f /tmp/apt.log`
  return differences(made.after, readTree(containers.tree(made.original, `${made.name}-apt`, script)))
}

export function assertAsApt(setting: Setting, made: PatchedCase): void {
  const unexplained = aptDifferences(setting, made).filter(({ path, kind }) => !EXPLAINED.some(({ matches }) => matches(path, kind)))
  assert.deepEqual(unexplained, [], 'differs from what apt-get install leaves')
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
  explained('Copies of the database', /^var\/lib\/dpkg\/[^/]+-old$|^var\/cache\/debconf\/.*-old$|^etc\/ca-certificates\.conf\.dpkg-old$/),
  explained('Compiled Python', /\/__pycache__(\/|$)/),
  explained('Who was asked for', /^var\/lib\/apt\/extended_states$/),
  explained('Locks', /^var\/(lib\/(dpkg|apt)|cache\/apt)\/.*lock(-frontend)?$/),
]
