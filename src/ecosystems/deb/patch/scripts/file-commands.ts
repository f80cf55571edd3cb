/** Commands that change files: nothing where the image is as they would leave it, else the change itself where every word is known. */

import type { Answer, Call } from './commands.ts'
import type { Effect, FileChange } from './effects.ts'
import type { Value } from './expand.ts'
import { matchingPaths } from './pathnames.ts'
import { changedState, type PathFacts, plain, type World } from './world.ts'

export const FILE_COMMANDS = new Set([
  'rm',
  'rmdir',
  'mkdir',
  'chmod',
  'chown',
  'chgrp',
  'ln',
  'touch',
  'mv',
  'cp',
  'install',
  'unlink',
  'mktemp',
  'truncate',
  'dd',
  'setcap',
  'setfacl',
  'chattr',
])

/** Commands whose words may be patterns of paths. */
const GLOBS = new Set(['rm', 'chmod', 'chown', 'chgrp', 'touch'])

export function changeFiles(name: string, call: Call): Answer {
  const args = GLOBS.has(name)
    ? call.args.flatMap((arg): readonly Value[] => (arg === undefined ? [arg] : (matchingPaths(arg, call.world.state) ?? [undefined])))
    : call.args
  const flags = args.filter((arg): arg is string => arg !== undefined && /^-./.test(arg)).join(' ')
  const operands = args.filter(arg => arg === undefined || !/^-./.test(arg))
  if (args.includes(undefined) || operands.some(path => /[*?[]/.test(path ?? ''))) {
    // Of a link and a copy only the last word changes.
    return open(call, name === 'ln' || name === 'cp' ? operands.slice(-1) : operands)
  }
  const words = operands.flatMap(word => word ?? [])
  switch (name) {
    case 'rm':
    case 'unlink':
      return each(call, words, (path, state) => remove(path, state, /r/i.test(flags.replaceAll('--', ''))))
    case 'rmdir':
      return each(call, words, (path, state) =>
        state.get(path)?.type === 'directory' && state.children(path).length === 0 ? [{ kind: 'remove', path }] : [],
      )
    case 'mkdir':
      return mkdir(call)
    case 'install':
      return installFolders(call)
    case 'touch':
      return each(call, words, (path, state) => (state.follow(path) === undefined ? [{ kind: 'empty-file', path }] : []))
    case 'ln':
      return link(call, flags, words)
    case 'chmod':
      return chmod({ ...call, args }, words)
    case 'chown':
    case 'chgrp':
      return chown(call, name, flags, words)
    default:
      return open(call, operands)
  }
}

/** The change is not known; the paths may be. */
function open(call: Call, operands: readonly Value[]): Answer {
  const known = operands.flatMap(word => word ?? [])
  const paths = known.length === operands.length ? known.filter(word => word.startsWith('/')).map(plain) : []
  return {
    effects: [
      {
        kind: 'needs',
        why: 'it changes files',
        command: call.text,
        ...(paths.length > 0 && paths.length === known.filter(word => word.includes('/')).length && { paths }),
      },
    ],
  }
}

function each(
  call: Call,
  words: readonly string[],
  changes: (path: string, state: World['state'], facts: PathFacts | undefined) => readonly FileChange[] | undefined,
): Answer {
  const effects: Effect[] = []
  for (const word of words) {
    const made = word.startsWith('/') ? changes(plain(word), call.world.state, call.world.state.get(plain(word))) : undefined
    if (made === undefined) return open(call, words)
    effects.push(...made.map(change => ({ kind: 'change', change }) as const))
  }
  return { status: true, effects }
}

/** Folders that packages share, links to them, and what dpkg keeps: nobody removes these from an image that is meant to live. */
const SHARED = /^(?:[^/]*|(?:usr|var)\/[^/]+|usr\/local\/[^/]+|usr\/lib\/[a-z0-9_]+-linux-gnu[a-z0-9]*|var\/lib\/dpkg)$/
const OF_DPKG = /^var\/lib\/dpkg\//

function remove(path: string, state: World['state'], recursive: boolean): readonly FileChange[] | undefined {
  const now = state.get(path)
  if ((SHARED.test(path) && state.follow(path)?.type === 'directory') || (OF_DPKG.test(path) && now !== undefined)) return undefined
  if (now === undefined) return path === '' ? undefined : []
  return now.type === 'directory' && !recursive ? undefined : [{ kind: 'remove', path }]
}

/** One folder that cannot be made, as there is none above it or it is there already, is no change and no success. */
function mkdir(call: Call): Answer {
  const { mode, parents, folders } = mkdirWords(call.args.flatMap(arg => arg ?? []))
  const [only, more] = folders
  if (only === undefined) return { status: false }
  if (more === undefined && !parents && only.startsWith('/') && !canBeMade(plain(only), call.world.state)) return { status: false }
  const numeric = mode === undefined ? 0o755 : /^[0-7]{3,4}$/.test(mode) ? Number.parseInt(mode, 8) : undefined
  return each(call, folders, (path, state) => {
    if (state.follow(path)?.type === 'directory') return []
    if (numeric === undefined) return undefined
    const missing: string[] = []
    for (let at = path; at !== '' && state.follow(at) === undefined; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) missing.unshift(at)
    if (missing.length > 1 && !parents) return undefined
    return missing.map(folder => ({ kind: 'folder', path: folder, mode: folder === path ? numeric : 0o755 }) as const)
  })
}

function canBeMade(path: string, state: World['state']): boolean {
  const above = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  return state.get(path) === undefined && (above === '' || state.follow(above)?.type === 'directory')
}

/** `install -d -m MODE -o USER -g GROUP FOLDER…`: folders with this mode and owner, made where they are not there. */
function installFolders(call: Call): Answer {
  const given = new Map<string, string>()
  const folders: string[] = []
  const args = call.args.flatMap(arg => arg ?? [])
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    const [, letter = '', value = ''] = /^-([mog])(.*)$/.exec(arg) ?? []
    if (arg === '-d') given.set('d', '')
    else if (letter !== '') given.set(letter, value === '' ? (args[++at] ?? '') : value)
    else folders.push(arg)
  }
  const mode = given.get('m') ?? '755'
  if (!given.has('d') || !/^[0-7]{3,4}$/.test(mode) || folders.some(folder => !folder.startsWith('/'))) return open(call, folders)
  const made = mkdir({ ...call, args: ['-p', '-m', mode, ...folders] })
  const state = changedState(
    call.world.state,
    (made.effects ?? []).flatMap(effect => (effect.kind === 'change' ? effect.change : [])),
  )
  const after = { ...call, world: { ...call.world, state } }
  const moded = chmod({ ...after, args: [mode, ...folders] }, [mode, ...folders])
  const owned = chown(after, 'chown', '', [`${given.get('o') ?? 'root'}:${given.get('g') ?? 'root'}`, ...folders])
  return { status: true, effects: [made, moded, owned].flatMap(({ effects = [] }) => effects) }
}

/** As GNU's reads them: `-p`, `-m MODE`, `-pm MODE`, `--mode=MODE`, in any order; `--` ends them. */
function mkdirWords(args: readonly string[]) {
  const folders: string[] = []
  let [mode, parents, ended]: [string | undefined, boolean, boolean] = [undefined, false, false]
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? ''
    if (ended || !/^-./.test(arg)) folders.push(arg)
    else if (arg === '--') ended = true
    else if (arg === '--parents') parents = true
    else if (arg === '--mode') mode = args[++at]
    else if (arg.startsWith('--mode=')) mode = arg.slice('--mode='.length)
    else if (/^-[a-z]/i.test(arg) && !arg.startsWith('--')) {
      const [, before = '', given] = /^-([^m]*)(?:m(.*))?$/.exec(arg) ?? []
      parents ||= before.includes('p')
      if (given !== undefined) mode = given === '' ? args[++at] : given
    }
  }
  return { mode, parents, folders }
}

function link(call: Call, flags: string, words: readonly string[]): Answer {
  const [target, place, more] = words
  if (target === undefined || place === undefined || more !== undefined || !place.startsWith('/') || !/-[a-z]*s/.test(flags))
    return open(call, words)
  return each(call, [place], (path, state) => {
    const now = state.get(path)
    // A link to a folder is followed unless told otherwise: the new link would be inside.
    if (now?.type === 'symlink' && state.follow(path)?.type === 'directory' && !/-[a-z]*[nT]/.test(flags)) return undefined
    if (now?.type === 'symlink' && now.target === target) return []
    if (now !== undefined && (!/-[a-z]*f/.test(flags) || now.type === 'directory')) return undefined
    return [{ kind: 'link', path, target }]
  })
}

function chmod(call: Call, words: readonly string[]): Answer {
  const given = call.args.find(arg => arg !== undefined && /^(?:[0-7]{3,4}|[ugoa]*[-+=][rwxstX]+(?:,[ugoa]*[-+=][rwxstX]+)*)$/.test(arg))
  if (given === undefined || call.args.some(arg => arg !== undefined && /^-[a-z]*R|--recursive/.test(arg) && arg !== given))
    return open(call, words)
  return each(
    call,
    words.filter(word => word !== given),
    (path, state) => {
      const now = state.follow(path)
      if (now === undefined) return []
      const mode = /^[0-7]+$/.test(given) ? numericMode(given, now) : symbolicMode(given, now)
      return mode === now.mode ? [] : [{ kind: 'mode', path, mode }]
    },
  )
}

/** A folder keeps setuid and setgid where fewer than five digits are given. */
function numericMode(given: string, now: PathFacts): number {
  return Number.parseInt(given, 8) | (now.type === 'directory' ? now.mode & 0o6000 : 0)
}

function symbolicMode(given: string, now: PathFacts): number {
  let { mode } = now
  for (const clause of given.split(',')) {
    const [, who = '', sign, what = ''] = /^([ugoa]*)([-+=])(.+)$/.exec(clause) ?? []
    const everyone = who === '' || who.includes('a')
    let bits = 0
    for (const [letter, shift] of [
      ['u', 6],
      ['g', 3],
      ['o', 0],
    ] as const) {
      if (!everyone && !who.includes(letter)) continue
      if (what.includes('r')) bits |= 4 << shift
      if (what.includes('w')) bits |= 2 << shift
      if (what.includes('x') || (what.includes('X') && (now.type === 'directory' || (now.mode & 0o111) !== 0))) bits |= 1 << shift
      if (what.includes('s') && shift > 0) bits |= shift === 6 ? 0o4000 : 0o2000
    }
    if (what.includes('t')) bits |= 0o1000
    const area = everyone ? 0o777 : [...who].reduce((all, letter) => all | (letter === 'u' ? 0o700 : letter === 'g' ? 0o070 : 0o007), 0)
    mode = sign === '+' ? mode | bits : sign === '-' ? mode & ~bits : (mode & ~area) | bits
  }
  return mode
}

function chown(call: Call, name: string, flags: string, words: readonly string[]): Answer {
  const [owner = '', ...paths] = words
  if (/--reference|--from/.test(flags)) return open(call, words)
  const recursive = /-[a-zA-Z]*R|--recursive/.test(flags)
  const [user = '', group] = name === 'chgrp' ? ['', owner] : owner.split(/[:.]/)
  const { accounts } = call.world
  const uid = user === '' ? undefined : /^\d+$/.test(user) ? Number(user) : accounts.user(user)
  const gid = group === undefined || group === '' ? undefined : /^\d+$/.test(group) ? Number(group) : accounts.group(group)
  if ((user !== '' && uid === undefined) || (group !== undefined && group !== '' && gid === undefined)) return open(call, words)
  const given = { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) }
  return each(call, paths, (path, state) => {
    const all = recursive ? below(path, state) : [path]
    return all?.flatMap(place => {
      const now = recursive || /-[a-z]*h/.test(flags) ? state.get(place) : state.follow(place)
      const same = now === undefined || ((uid ?? now.uid) === now.uid && (gid ?? now.gid) === now.gid)
      return same ? [] : [{ kind: 'owner', path: place, ...given } as const]
    })
  })
}

const MOST_BELOW = 20_000

/** A path and everything below it; undefined where that is more than anybody can have meant. */
function below(path: string, state: World['state']): string[] | undefined {
  const found = [path]
  for (let at = 0; at < found.length; at++) {
    const folder = found[at] ?? ''
    if (state.get(folder)?.type !== 'directory') continue
    found.push(...state.children(folder).map(name => `${folder}/${name}`))
    if (found.length > MOST_BELOW) return undefined
  }
  return found
}
