/** Every script that dpkg would call for a set of changes, judged against the image as it is before and after. */
import { posix } from 'node:path'
import type { ImageFiles } from '../../../model/image.ts'
import { DPKG, type DpkgDatabase } from '../read-status.ts'
import type { Accounts } from './accounts.ts'
import { type ChangingPackage, controlText } from './changing-package.ts'
import type { LayerBuilder } from './layer-builder.ts'
import type { Effect, FileChange, Verdict } from './scripts/effects.ts'
import { judge, type ScriptName } from './scripts/oracle.ts'
import { changedState, type ImageState, type PathFacts, type World } from './scripts/world.ts'
import { activated, type Interests, interested } from './triggers.ts'

export interface ScriptVerdict {
  /** `name:architecture` of the package that changes. */
  readonly package: string
  /** `postinst`, or `postinst of <package> for <trigger>`. */
  readonly script: string
  readonly verdict: Verdict
}

export interface Judged {
  readonly verdicts: readonly ScriptVerdict[]
  readonly changes: ReadonlyMap<string, readonly FileChange[]>
  readonly handlers: ReadonlySet<string>
}

export interface Judging {
  readonly files: ImageFiles
  readonly builder: LayerBuilder
  readonly database: DpkgDatabase
  readonly accounts: Accounts
  readonly interests: Interests
  /** Texts of the image's files by path, read before. */
  readonly texts: ReadonlyMap<string, string>
}

/** How often a script may lead to another one that must be read first. */
const MOST_ROUNDS = 6
const LARGEST_SCRIPT = 128 * 1024
const NAMES = ['prerm', 'preinst', 'postrm', 'postinst'] as const

/** Paths of what must be read before: old scripts, scripts of packages that triggers call, tables of alternatives. */
export function textsToRead(changes: readonly ChangingPackage[], interests: Interests, files: ImageFiles): string[] {
  const owners = [...interests.named.values(), ...interests.paths.values()].flat()
  const scripts = changes.flatMap(({ from }) =>
    from === undefined ? [] : NAMES.map(name => infoPath(files, from.name, from.architecture, name)),
  )
  const triggered = owners.map(owner => {
    const [name = '', architecture = ''] = owner.split(':')
    return infoPath(files, name, architecture, 'postinst')
  })
  const old = changes.flatMap(({ from }) => (from === undefined ? [] : infoPath(files, from.name, from.architecture, 'triggers')))
  const alternatives = files.children(`${DPKG}/alternatives`).map(name => `${DPKG}/alternatives/${name}`)
  return [...scripts, ...triggered, ...old, ...alternatives].filter(path => files.get(path)?.type === 'file')
}

/** The place of a package's file under `info/`. */
export function infoPath(files: ImageFiles, name: string, architecture: string, kind: string): string {
  const withArchitecture = `${DPKG}/info/${name}:${architecture}.${kind}`
  return files.get(withArchitecture) === undefined ? `${DPKG}/info/${name}.${kind}` : withArchitecture
}

/** Reads on as long as scripts turn out to take in or run other scripts of the image. */
export async function judgeScripts(changes: readonly ChangingPackage[], judging: Judging): Promise<Judged> {
  // Before the new files are there, and when they are.
  const stages = { before: new Shelf(judging.files, judging.files), after: new Shelf(judging.files, judging.builder) }
  for (let round = 0; ; round++) {
    const judged = judgeOnce(changes, judging, stages)
    if (round === MOST_ROUNDS) return judged
    const more = [await stages.before.fetch(), await stages.after.fetch()]
    if (!more.includes(true)) return judged
  }
}

/** Texts of the image that scripts ask for while they are judged, by path with leading `/`; fetched between the rounds. */
class Shelf {
  readonly included = new Map<string, string>()
  readonly #wanted = new Set<string>()
  readonly #files: ImageFiles
  readonly #from: ImageFiles | LayerBuilder

  constructor(files: ImageFiles, from: ImageFiles | LayerBuilder) {
    this.#files = files
    this.#from = from
  }

  wanted = (path: string): void => {
    if (!this.included.has(path)) this.#wanted.add(path)
  }

  /** What is no small file is empty then. False where nothing was asked for. */
  async fetch(): Promise<boolean> {
    const places = new Map(
      [...this.#wanted].map(path => [path, this.#files.follow(path.slice(1))?.path ?? this.#files.canonical(path.slice(1)) ?? path]),
    )
    this.#wanted.clear()
    const contents = await this.#from.read(new Set([...places.values()].filter(place => this.#isSmall(place))))
    for (const [path, place] of places) this.included.set(path, Buffer.from(contents.get(place) ?? []).toString('utf8'))
    return places.size > 0
  }

  /** Scripts are small; what is not is a program. */
  #isSmall(place: string): boolean {
    const entry = this.#from.get(place)
    if (entry !== undefined && 'kind' in entry) return entry.kind === 'file' && entry.content.length < LARGEST_SCRIPT
    const now = this.#files.get(place)
    return now?.type === 'file' && now.size < LARGEST_SCRIPT
  }
}

type Stages = Readonly<Record<'before' | 'after', Shelf>>

function judgeOnce(changes: readonly ChangingPackage[], judging: Judging, stages: Stages): Judged {
  const { files, builder, interests } = judging
  const verdicts: ScriptVerdict[] = []
  const found = new Map<string, FileChange[]>()
  const handlers = new Set<string>()
  const stateBefore = imageState(files, judging.texts)
  const stateAfter = layeredState(files, builder, judging.texts)
  for (const change of changes) {
    const { key, from, to } = change
    const touched = touchedBy(change, builder)
    const templates = touched.some(path => mayBeTemplate(path, builder))
    const asked = activated(change, interests, touched)
    const take = (script: string, effects: readonly Effect[], verdict: Verdict): void => {
      if (verdict.class !== 'none') verdicts.push({ package: key, script, verdict })
      for (const effect of effects) {
        if (effect.kind === 'change') found.set(key, [...(found.get(key) ?? []), effect.change])
        if (effect.kind === 'handled') handlers.add(effect.handler)
        if (effect.kind === 'trigger') asked.add(effect.name)
      }
    }
    const old = (name: ScriptName) =>
      from === undefined ? undefined : judging.texts.get(infoPath(files, from.name, from.architecture, name))
    const own = (name: ScriptName) => controlText(change, name) || undefined
    const calls: readonly Call[] = [
      { name: 'prerm', text: old('prerm'), args: ['upgrade', to.version], after: false },
      {
        name: 'preinst',
        text: own('preinst'),
        args: from === undefined ? ['install'] : ['upgrade', from.version, to.version],
        after: false,
      },
      { name: 'postrm', text: old('postrm'), args: ['upgrade', to.version], after: true },
      { name: 'postinst', text: own('postinst'), args: ['configure', from?.version ?? ''], after: true },
    ]
    for (const { name, text, args, after } of calls) {
      if (text === undefined) continue
      const state = changedState(after ? stateAfter : stateBefore, found.get(key) ?? [])
      const repeats = name === 'postinst' && text === old('postinst') && sameList(change, MATTERS)
      const world = { ...worldOf(change, state, judging, changes), repeats, templates, sameManuals: sameList(change, MANUALS) }
      const { included, wanted } = stages[after ? 'after' : 'before']
      const { effects, verdict } = judge({ name, text, args, architecture: to.architecture, world, included, wanted })
      take(name, effects, verdict)
    }
    for (const name of [...asked].sort()) judgeTrigger(name, change, stateAfter, stages.after, changes, judging, take)
  }
  return { verdicts, changes: found, handlers }
}

interface Call {
  readonly name: ScriptName
  readonly text: string | undefined
  readonly args: readonly string[]
  /** Whether the new files are there by then. */
  readonly after: boolean
}

/** Neither a program, nor documentation, nor a translation, nor dpkg's own. */
function mayBeTemplate(path: string, builder: LayerBuilder): boolean {
  if (/^usr\/share\/(?:doc|man|locale|info|lintian|bug)\/|\.(?:so|so\.[\d.]+|py|pm|pl|jar)$/.test(path)) return false
  const entry = builder.get(path)
  return entry?.kind === 'file' && entry.content[0] !== 0x7f
}

function judgeTrigger(
  name: string,
  change: ChangingPackage,
  state: ImageState,
  { included, wanted }: Shelf,
  changes: readonly ChangingPackage[],
  judging: Judging,
  take: (script: string, effects: readonly Effect[], verdict: Verdict) => void,
): void {
  for (const owner of interested(name, judging.interests)) {
    const [packageName = '', architecture = ''] = owner.split(':')
    const changing = changes.find(({ to }) => to.name === packageName)
    const text =
      changing === undefined
        ? judging.texts.get(infoPath(judging.files, packageName, architecture, 'postinst'))
        : controlText(changing, 'postinst')
    if (text === undefined || text === '') continue
    const world = {
      ...worldOf(change, state, judging, changes),
      repeats: false,
      templates: true,
      sameManuals: false,
    }
    const version = changing?.to.version ?? world.versions.get(packageName) ?? ''
    const { effects, verdict } = judge({
      name: 'postinst',
      text,
      args: ['triggered', name],
      architecture,
      world: { ...world, package: { name: packageName, to: version, ...(version !== '' && { from: version }) } },
      included,
      wanted,
    })
    take(
      `postinst of ${packageName} for ${name}`,
      effects.filter(({ kind }) => kind !== 'trigger'),
      verdict,
    )
  }
}

function worldOf(
  { from, to }: ChangingPackage,
  state: ImageState,
  { accounts, database }: Judging,
  changes: readonly ChangingPackage[],
): Omit<World, 'read' | 'repeats' | 'templates' | 'sameManuals'> {
  return {
    state,
    accounts,
    diversions: database.diversions,
    statOverrides: database.statOverrides,
    native: database.native,
    versions: new Map(database.packages.map(item => [item.name, item.version])),
    recorded: new Set([...database.recorded, ...changes.map(change => change.to.name)]),
    package: { name: to.name, to: to.version, ...(from !== undefined && { from: from.version }) },
  }
}

/** Translations and documents aside: what is registered from the list is the same where these are. */
const MATTERS = (path: string): boolean => path !== '' && !/^usr\/share\/(?:locale|doc)\//.test(path)
const MANUALS = (path: string): boolean => /\/man\//.test(path)

/** The same paths before and after, of those that matter. */
function sameList({ from, listed, archive }: ChangingPackage, matters: (path: string) => boolean): boolean {
  const paths = archive.files.map(({ path }) => path).filter(matters)
  const before = new Set(listed.filter(matters))
  return from !== undefined && paths.length === before.size && paths.every(path => before.has(path))
}

/** Places of a package whose content or presence changes. */
function touchedBy({ key, places }: ChangingPackage, builder: LayerBuilder): string[] {
  const own = new Set(places.values())
  return [...builder.entries()].flatMap(({ path }) => (own.has(path) || builder.ownerOf(path) === key ? path : []))
}

function imageState(files: ImageFiles, texts: ReadonlyMap<string, string>): ImageState {
  return {
    get: path => files.get(files.canonical(path) ?? path),
    follow: path => files.follow(path),
    children: path => files.children(files.follow(path)?.path ?? path),
    text: path => texts.get(path),
    changed: () => false,
  }
}

/** The image with what the layer brings so far. */
function layeredState(files: ImageFiles, builder: LayerBuilder, texts: ReadonlyMap<string, string>): ImageState {
  const get = (path: string): PathFacts | undefined => {
    const place = files.canonical(path) ?? path
    const entry = builder.get(place)
    if (entry === undefined) return files.get(place)
    if (entry.kind === 'whiteout') return undefined
    const type = entry.kind === 'hardlink' ? 'file' : entry.kind
    return { ...entry, type, size: entry.kind === 'file' ? entry.content.length : 0 } as const
  }
  return {
    get,
    follow(path) {
      let [at, found] = [path, get(path)]
      for (let links = 0; found?.type === 'symlink' && links < 40; links++) {
        const target = found.target ?? ''
        at = target.startsWith('/') ? target.slice(1) : posix.join(posix.dirname(at), target)
        found = get(at)
      }
      return found
    },
    children: path => builder.children(files.follow(path)?.path ?? path),
    text: path => texts.get(path),
    changed: path => builder.get(files.canonical(path) ?? path) !== undefined,
  }
}
