/** Every script that dpkg would call for a set of changes, judged against the image as it is before and after. */
import { posix } from 'node:path'
import type { ImageFiles } from '../../../model/image.ts'
import { DPKG, type DpkgDatabase } from '../read-status.ts'
import type { Accounts } from './accounts.ts'
import { type ChangingPackage, controlText } from './changing-package.ts'
import type { LayerBuilder } from './layer-builder.ts'
import type { Effect, FileChange, Verdict } from './scripts/effects.ts'
import { includedPaths, judge, type ScriptName } from './scripts/oracle.ts'
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

export async function judgeScripts(changes: readonly ChangingPackage[], judging: Judging): Promise<Judged> {
  const { files, builder, interests } = judging
  const included = await readIncluded(changes, judging)
  const verdicts: ScriptVerdict[] = []
  const found = new Map<string, FileChange[]>()
  const handlers = new Set<string>()
  const stateBefore = imageState(files, judging.texts)
  const stateAfter = layeredState(files, builder, judging.texts)
  for (const change of changes) {
    const { key, from, to } = change
    const asked = activated(change, interests, touchedBy(change, builder))
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
    const calls: readonly {
      readonly name: ScriptName
      readonly text: string | undefined
      readonly args: readonly string[]
      readonly after: boolean
    }[] = [
      { name: 'prerm', text: old('prerm'), args: ['upgrade', to.version], after: false },
      {
        name: 'preinst',
        text: controlText(change, 'preinst') || undefined,
        args: from === undefined ? ['install'] : ['upgrade', from.version, to.version],
        after: false,
      },
      { name: 'postrm', text: old('postrm'), args: ['upgrade', to.version], after: true },
      { name: 'postinst', text: controlText(change, 'postinst') || undefined, args: ['configure', from?.version ?? ''], after: true },
    ]
    for (const { name, text, args, after } of calls) {
      if (text === undefined) continue
      const state = changedState(after ? stateAfter : stateBefore, found.get(key) ?? [])
      const repeats = name === 'postinst' && text === old('postinst') && sameList(change)
      const { effects, verdict } = judge({
        name,
        text,
        args,
        architecture: to.architecture,
        world: worldOf(change, state, repeats, judging),
        included,
      })
      take(name, effects, verdict)
    }
    for (const name of [...asked].sort()) judgeTrigger(name, change, stateAfter, included, changes, judging, take)
  }
  return { verdicts, changes: found, handlers }
}

function judgeTrigger(
  name: string,
  change: ChangingPackage,
  state: ImageState,
  included: ReadonlyMap<string, string>,
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
    const world = worldOf(change, state, false, judging)
    const version = changing?.to.version ?? ''
    const { effects, verdict } = judge({
      name: 'postinst',
      text,
      args: ['triggered', name],
      architecture,
      world: { ...world, package: { name: packageName, from: version, to: version } },
      included,
    })
    take(
      `postinst of ${packageName} for ${name}`,
      effects.filter(({ kind }) => kind !== 'trigger'),
      verdict,
    )
  }
}

function worldOf({ from, to }: ChangingPackage, state: ImageState, repeats: boolean, { accounts, database }: Judging): World {
  return {
    state,
    accounts,
    diversions: database.diversions,
    statOverrides: database.statOverrides,
    native: database.native,
    versions: new Map(database.packages.map(item => [item.name, item.version])),
    package: { name: to.name, to: to.version, ...(from !== undefined && { from: from.version }) },
    repeats,
  }
}

/** The same paths before and after, translations and documents aside, so what is registered from the list is the same. */
function sameList({ listed, archive }: ChangingPackage): boolean {
  const matters = (path: string) => path !== '' && !/^usr\/share\/(?:locale|doc)\//.test(path)
  const paths = archive.files.map(({ path }) => path).filter(matters)
  const before = new Set(listed.filter(matters))
  return paths.length === before.size && paths.every(path => before.has(path))
}

/** Places of a package whose content or presence changes. */
function touchedBy({ key, places }: ChangingPackage, builder: LayerBuilder): string[] {
  const own = new Set(places.values())
  return [...builder.entries()].flatMap(({ path }) => (own.has(path) || builder.ownerOf(path) === key ? path : []))
}

async function readIncluded(changes: readonly ChangingPackage[], { files, builder, texts }: Judging): Promise<ReadonlyMap<string, string>> {
  const included = new Map<string, string>()
  let wanted = [...texts.values(), ...changes.flatMap(change => [controlText(change, 'preinst'), controlText(change, 'postinst')])].flatMap(
    includedPaths,
  )
  for (let round = 0; round < 3 && wanted.length > 0; round++) {
    const places = new Map(wanted.filter(path => !included.has(path)).map(path => [path, files.canonical(path.slice(1)) ?? path.slice(1)]))
    const contents = await builder.read(new Set(places.values()))
    const found: string[] = []
    for (const [path, place] of places) {
      const content = contents.get(place)
      if (content === undefined) continue
      const text = Buffer.from(content).toString('utf8')
      included.set(path, text)
      found.push(...includedPaths(text))
    }
    wanted = found
  }
  return included
}

function imageState(files: ImageFiles, texts: ReadonlyMap<string, string>): ImageState {
  return {
    get: path => files.get(files.canonical(path) ?? path),
    follow: path => files.follow(path),
    children: path => files.children(files.follow(path)?.path ?? path),
    text: path => texts.get(path),
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
  }
}
