/**
 * Pieces of scripts whose words cannot be known before, and what stands for them here; and what packages do to paths that are kept up or
 * kept as they are without them.
 */
import type { Effect, Handler } from './effects.ts'
import type { World } from './world.ts'

/** A function, told by its name and what its text must mention, whose removals are of one kind only. */
interface KnownFunction {
  readonly name: string
  readonly mentions: RegExp
  /** Commands in it that are taken for what the handler does; any other that needs execution still does. */
  readonly removes: RegExp
  readonly handler: Handler
}

/** Python's packages remove the compiled forms of their own sources before an upgrade: found by name from the package's own list. */
const FUNCTIONS: readonly KnownFunction[] = [
  {
    name: 'remove_bytecode',
    mentions: /__pycache__/,
    removes: /^(?:rm -f \$files|xargs -r rm -rf|xargs --max-chars=\S+ echo)\b/,
    handler: 'compiled Python',
  },
]

interface SettledFunction {
  readonly why: string
  /** Where it is so, if not always. */
  readonly holds?: (world: World) => boolean
}

/** Functions of packages' own scripts and helpers that, on an upgrade, find everything as the version before left it. */
const SETTLED: ReadonlyMap<string, SettledFunction> = new Map<string, SettledFunction>([
  ['php_invoke', { why: 'PHP’s modules stay enabled or disabled as they are' }],
  ['apache2_invoke', { why: 'Apache’s modules and sites stay enabled or disabled as they are' }],
  [
    'setup_createclusterconf',
    {
      why: 'the template of its configuration is unchanged',
      holds: ({ state }) => !state.changed('usr/share/postgresql-common/createcluster.conf'),
    },
  ],
])

/** Why a call to this function does nothing; undefined where it may do something. */
export function settled(name: string, world: World): string | undefined {
  const known = SETTLED.get(name)
  return known !== undefined && world.package.from !== undefined && known.holds?.(world) !== false ? known.why : undefined
}

/** The effects of a call to a function, with those taken together that a handler stands for. */
export function settleFunction(name: string, text: string, effects: readonly Effect[]): readonly Effect[] {
  const known = FUNCTIONS.find(item => item.name === name && item.mentions.test(text))
  if (known === undefined) return effects
  const left = effects.filter(effect => effect.kind !== 'needs' || !known.removes.test(effect.command.replace(/\s+/g, ' ')))
  return [...left, { kind: 'handled', handler: known.handler }]
}

interface KeptPaths {
  readonly paths: RegExp
  readonly why: string
  /** Where it is so, if not always. */
  readonly holds?: (world: World, path: string) => boolean
}

/** What packages' scripts do to paths that are kept up here without them, or that stay as the image has them. */
const KEPT: ReadonlyMap<string, KeptPaths> = new Map<string, KeptPaths>([
  [
    'ca-certificates',
    { paths: /^etc\/(?:ca-certificates\.conf|ssl\/certs)/, why: 'the list of authorities and what is made of it are kept up by Suture' },
  ],
  ['tzdata', { paths: /^etc\/(?:timezone$|localtime)/, why: 'the time zone stays as the image has it' }],
  [
    'libgdk-pixbuf-2.0-0',
    {
      paths: /^usr\/lib\/[^/]+\/gdk-pixbuf-2\.0\/2\.10\.0\/loaders\.cache$/,
      why: 'its list names the same loaders',
      holds: namesAllLoaders,
    },
  ],
])

/** Why this path of a package stays as it is whatever its script does; undefined where it may not. */
export function keptAs(path: string, world: World): string | undefined {
  const known = KEPT.get(world.package.name)
  return known?.paths.test(path) === true && known.holds?.(world, path) !== false ? known.why : undefined
}

/** The loaders that gdk-pixbuf's list names are those that are there, and it was written by the same version of it. */
function namesAllLoaders({ state, read, package: { to } }: World, path: string): boolean {
  const text = read(path) ?? ''
  const [, version] = /^# Created by gdk-pixbuf-query-loaders from gdk-pixbuf-([\d.]+)$/m.exec(text) ?? []
  const named = [...text.matchAll(/^"\/(.+\.so)"\s*$/gm)].flatMap(([, loader]) => loader ?? [])
  const folders = [path.replace(/\.cache$/, ''), 'usr/lib/gdk-pixbuf-2.0/2.10.0/loaders']
  const there = folders.flatMap(folder => state.children(folder).flatMap(name => (name.endsWith('.so') ? `${folder}/${name}` : [])))
  return version !== undefined && to.replace(/[+-].*$/, '') === version && named.sort().join('\n') === there.sort().join('\n')
}
