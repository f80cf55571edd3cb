/** `find`: what it prints of the image's paths where its tests are plain ones, and what it deletes in the one form that packages use. */
import { glob } from '../../glob.ts'
import type { Answer, Call } from './commands.ts'
import type { Effect } from './effects.ts'
import type { Value } from './expand.ts'
import { plain, type World } from './world.ts'

/** More paths than a script means to go through. */
const MOST_PRINTED = 1000
const MOST_VISITED = 20_000
const TYPES: Readonly<Record<string, string>> = { f: 'file', d: 'directory', l: 'symlink' }

/** Changes nothing unless told to; where the folder is not there, nothing is found. */
export function find(call: Call): Answer {
  const [root, ...rest] = call.args
  const { state } = call.world
  const acts = call.args.some(arg => arg === undefined || /^-(delete|exec|execdir|ok|fprint)/.test(arg))
  const isPlain = root !== undefined && !/[*?[-]/.test(root[0] ?? '')
  if (isPlain && state.follow(plain(root)) === undefined) return { status: false, prints: '' }
  if (!acts) {
    const found = isPlain && root.startsWith('/') ? printed(root, rest, state) : undefined
    return found === undefined ? {} : { status: true, prints: found.map(path => `${path}\n`).join('') }
  }
  const known = emptyFolders(root, rest, call.world)
  return known === undefined
    ? { effects: [{ kind: 'needs', why: 'find may change files', command: call.text }] }
    : { status: true, effects: known }
}

interface Tests {
  readonly type: string | undefined
  readonly matches: (name: string) => boolean
  readonly least: number
  readonly most: number
}

/** `-type`, `-name`, `-mindepth`, `-maxdepth` and `-print`, each at most once; undefined for anything else. */
function testsOf(words: readonly Value[]): Tests | undefined {
  const given = new Map<string, string>()
  for (let at = 0; at < words.length; at++) {
    const option = words[at]
    if (option === '-print') continue
    const value = words[++at]
    if (option === undefined || value === undefined || given.has(option)) return undefined
    if (!/^-(type|name|mindepth|maxdepth)$/.test(option)) return undefined
    given.set(option, value)
  }
  const [type, name, least, most] = ['-type', '-name', '-mindepth', '-maxdepth'].map(option => given.get(option))
  if ((type !== undefined && TYPES[type] === undefined) || [least, most].some(depth => depth !== undefined && !/^\d{1,3}$/.test(depth)))
    return undefined
  return {
    type: type === undefined ? undefined : TYPES[type],
    matches: name === undefined ? () => true : glob(name),
    least: Number(least ?? 0),
    most: Number(most ?? Number.POSITIVE_INFINITY),
  }
}

/** The paths, as `find` writes them; undefined where they are not known or too many. Links are not followed, the root's neither. */
function printed(root: string, words: readonly Value[], state: World['state']): readonly string[] | undefined {
  const tests = testsOf(words)
  if (tests === undefined) return undefined
  const found: string[] = []
  let left = MOST_VISITED
  const visit = (path: string, written: string, depth: number): boolean => {
    const now = state.get(path)
    if (--left < 0 || found.length > MOST_PRINTED) return false
    const fits = (tests.type === undefined || now?.type === tests.type) && tests.matches(path.slice(path.lastIndexOf('/') + 1))
    if (fits && depth >= tests.least) found.push(written)
    if (now?.type !== 'directory' || depth >= tests.most) return true
    return state.children(path).every(name => visit(`${path}/${name}`, `${written}${written.endsWith('/') ? '' : '/'}${name}`, depth + 1))
  }
  return visit(plain(root), root, 0) ? found : undefined
}

/** `find <root> -maxdepth 1 -type d -name <pattern> -empty -delete`. */
function emptyFolders(root: Value, rest: readonly Value[], { state }: World): Effect[] | undefined {
  const [depth, one, type, d, flag, pattern, empty, remove, more] = rest
  const fits =
    depth === '-maxdepth' && one === '1' && type === '-type' && d === 'd' && flag === '-name' && empty === '-empty' && remove === '-delete'
  if (!fits || more !== undefined || root === undefined || pattern === undefined) return undefined
  const matches = glob(pattern)
  return state.children(plain(root)).flatMap(name => {
    const path = `${plain(root)}/${name}`
    const empties = matches(name) && state.get(path)?.type === 'directory' && state.children(path).length === 0
    return empties ? [{ kind: 'change', change: { kind: 'remove', path } } as const] : []
  })
}
