/** What is registered with dpkg's tables of alternatives, diversions and overridden modes: nothing where it stands there already. */
import type { Answer, Call } from './commands.ts'
import { plain } from './world.ts'

const ALTERNATIVES = 'var/lib/dpkg/alternatives'
/** Names that are manual pages are registered from the list of the package's files. */
const MANUAL = /\.[1-9][a-z]*(\.gz)?$/

/** `update-alternatives`: installing what is registered with the same words, or removing what is not. */
export function alternatives(call: Call): Answer {
  const { args, world } = call
  const words = args.filter(arg => arg !== '--quiet' && arg !== '--force' && arg !== '--verbose')
  const [action] = words
  if (action === '--list' && words.length === 2) return choices(call, words[1])
  if (action !== undefined && /^--(query|list|display|get-selections|help|version)$/.test(action)) return {}
  const registers = { status: true, effects: [{ kind: 'harmless', why: 'the alternative is registered already' }] } as const
  // Slaves may come before the action as well as behind it.
  const install = words.indexOf('--install')
  const removal = words.indexOf('--remove')
  if (install >= 0) {
    const [, link, name, path, priority] = words.slice(install)
    const table = name === undefined || name.includes('/') ? undefined : world.state.text(`${ALTERNATIVES}/${name}`)
    if (table === undefined) return missing(call)
    if (world.repeats || (world.sameManuals && MANUAL.test(name ?? ''))) return registers
    if (words.includes(undefined) || link === undefined || path === undefined || priority === undefined) return missing(call)
    return isRegistered(table, link, path, priority, slavesOf(words)) ? registers : missing(call)
  }
  if (removal >= 0) {
    const [, name, path] = words.slice(removal)
    if (name === undefined || path === undefined || name.includes('/')) return missing(call)
    const table = world.state.text(`${ALTERNATIVES}/${name}`)
    if (table === undefined || !table.split('\n').includes(path)) {
      return { status: true, effects: [{ kind: 'harmless', why: 'the alternative is not registered' }] }
    }
  }
  return missing(call)
}

/** `--list <name>`: a line for each program that the name may lead to. */
function choices({ world: { state } }: Call, name: string | undefined): Answer {
  const place = `${ALTERNATIVES}/${name}`
  if (name === undefined || name.includes('/')) return {}
  const table = state.text(place)
  if (table === undefined) return state.get(place) === undefined ? { status: false, prints: '' } : {}
  const lines = table.split('\n')
  const gap = lines.indexOf('')
  // A path, its priority and the path of each slave.
  const step = 2 + (gap - 2) / 2
  const paths = lines.slice(gap + 1).filter((line, index) => index % step === 0 && line !== '')
  return gap < 2 || !Number.isInteger(step) ? {} : { status: true, prints: paths.map(path => `${path}\n`).join('') }
}

function missing({ text }: Call): Answer {
  return { effects: [{ kind: 'needs', why: 'it changes which program a name leads to', command: text }] }
}

function slavesOf(words: readonly (string | undefined)[]): Map<string, { readonly link: string; readonly path: string }> {
  const slaves = new Map<string, { readonly link: string; readonly path: string }>()
  for (let at = words.indexOf('--slave'); at >= 0; at = words.indexOf('--slave', at + 1)) {
    const [, link = '', name = '', path = ''] = words.slice(at)
    slaves.set(name, { link, path })
  }
  return slaves
}

/**
 * The table of one name: `auto` or `manual`, the link; name and link of each slave; an empty line; then for each choice its path, its
 * priority and the slaves' paths in the order above.
 */
function isRegistered(
  table: string,
  link: string,
  path: string,
  priority: string,
  slaves: ReadonlyMap<string, { readonly link: string; readonly path: string }>,
): boolean {
  const lines = table.split('\n')
  const gap = lines.indexOf('')
  const names = lines.slice(2, gap).filter((_, index) => index % 2 === 0)
  const links = lines.slice(2, gap).filter((_, index) => index % 2 === 1)
  const at = lines.indexOf(path, gap + 1)
  if (gap < 2 || at < 0 || lines[1] !== link || lines[at + 1] !== priority) return false
  const given = names.every(
    (name, index) =>
      (lines[at + 2 + index] ?? '') === (slaves.get(name)?.path ?? '') && (slaves.get(name)?.link ?? links[index]) === links[index],
  )
  return given && [...slaves.keys()].every(name => names.includes(name))
}

/** `dpkg-divert`: adding what stands in the table, removing what does not. */
export function divert(call: Call): Answer {
  const { args, world } = call
  if (args.some(arg => arg !== undefined && /^--(list|listpackage|truename)$/.test(arg))) {
    const path = args.at(-1)
    const diversion = world.diversions.find(({ from }) => path !== undefined && from === plain(path))
    return args.includes('--truename') && path !== undefined
      ? { status: true, prints: diversion === undefined ? path : `/${diversion.to}` }
      : { status: true }
  }
  const path = args.findLast(arg => arg === undefined || arg.startsWith('/'))
  const at = args.indexOf('--divert')
  const to = at >= 0 ? args[at + 1] : path && `${path}.distrib`
  const by = args.indexOf('--package')
  const owner = by >= 0 ? args[by + 1] : world.package.name
  if (args.includes(undefined) || path === undefined || to === undefined) return changed(call)
  const found = world.diversions.find(({ from }) => from === plain(path))
  const remove = args.includes('--remove')
  const same = found !== undefined && found.to === plain(to) && found.by === owner
  if (remove ? found === undefined : same) return { status: true, effects: [{ kind: 'harmless', why: 'the diversion is as it should be' }] }
  return changed(call)
}

function changed({ text }: Call): Answer {
  return { effects: [{ kind: 'needs', why: 'it changes dpkg’s tables', command: text }] }
}

/** `dpkg-statoverride`: what is there already, and asking for it. */
export function statOverride(call: Call): Answer {
  const { args, world } = call
  const path = args.findLast(arg => arg === undefined || arg.startsWith('/'))
  const found = path === undefined ? undefined : world.statOverrides.find(override => override.path === plain(path))
  if (args.includes('--list')) return path === undefined ? {} : { status: found !== undefined }
  if (args.includes('--remove') && path !== undefined && found === undefined) return { status: false }
  return changed(call)
}
