/**
 * What the maintainer scripts of one change would do. On an upgrade dpkg calls the old `prerm upgrade`, the new `preinst upgrade`, the
 * old `postrm upgrade` and the new `postinst configure` (Debian policy 6.5 to 6.7); on an installation the new ones only.
 */

import type { Effect, Verdict } from './effects.ts'
import { verdictOf } from './effects.ts'
import { effectsOf } from './interpreter.ts'
import { keptAs } from './known.ts'
import { readScript } from './read-script.ts'
import { type Node, NotReadable } from './syntax.ts'
import type { World } from './world.ts'

const SHELL = /^#!\s*\/(?:usr\/)?bin\/(?:env\s+)?(?:sh|dash|bash)(?:\s|$)/

export type ScriptName = 'preinst' | 'postinst' | 'prerm' | 'postrm'

/** One script as dpkg would call it. */
export interface ScriptToJudge {
  readonly name: ScriptName
  readonly text: string
  readonly args: readonly string[]
  readonly architecture: string
  readonly world: Omit<World, 'read'>
  /** Texts by path with leading `/` of what may be taken in or run. */
  readonly included: ReadonlyMap<string, string>
  /** Told of paths that would have to be read to know more. */
  readonly wanted: (path: string) => void
}

export interface Judgement {
  readonly effects: readonly Effect[]
  readonly verdict: Verdict
}

/** Every effect, with those taken out that are known to be kept up otherwise. */
export function judge(script: ScriptToJudge): Judgement {
  const world = { ...script.world, read: readerOf(script) }
  const effects = rawEffects(script, world).map(effect => absorbed(effect, world))
  return { effects, verdict: verdictOf(effects) }
}

function rawEffects({ name, text, args, architecture, included, wanted }: ScriptToJudge, world: World): readonly Effect[] {
  if (!SHELL.test(text)) return [{ kind: 'needs', why: 'it is no shell script', command: text.slice(0, 60) }]
  const variables = new Map([
    ['DPKG_ROOT', ''],
    ['DPKG_MAINTSCRIPT_PACKAGE', world.package.name],
    ['DPKG_MAINTSCRIPT_NAME', name],
    ['DPKG_MAINTSCRIPT_ARCH', architecture],
    ['DEBIAN_FRONTEND', 'noninteractive'],
  ])
  try {
    return effectsOf({ script: readScript(text), args, variables, world, included: parseAll(included), wanted })
  } catch (error) {
    if (!(error instanceof NotReadable)) throw error
    return [{ kind: 'needs', why: error.message, command: name }]
  }
}

function readerOf({ world: { state }, included, wanted }: ScriptToJudge): World['read'] {
  return path => {
    const [place, entry] = [`/${path}`, state.follow(path)]
    if (entry?.type === 'file' && !included.has(place)) wanted(place)
    const content = included.get(place)
    // What was too large to be read is empty there.
    const isWhole = content !== undefined && !content.includes('\ufffd') && Buffer.byteLength(content) === entry?.size
    return entry?.type === 'file' && isWhole ? content : undefined
  }
}

/** What is taken in needs no first line; what is run as a program does, and both are told apart by whoever uses them. */
function parseAll(texts: ReadonlyMap<string, string>): Map<string, Node | undefined> {
  return new Map(
    [...texts].map(([path, text]) => {
      const program = text.startsWith('#!') || text.includes('\0')
      try {
        return [path, program && !SHELL.test(text) ? undefined : readScript(text)]
      } catch (error) {
        if (!(error instanceof NotReadable)) throw error
        return [path, undefined]
      }
    }),
  )
}

function absorbed(effect: Effect, world: World): Effect {
  const paths = effect.kind === 'needs' ? (effect.paths ?? []) : effect.kind === 'change' ? [effect.change.path] : []
  const whys = paths.map(path => keptAs(path, world))
  const [why] = whys
  return why !== undefined && whys.every(other => other !== undefined) ? { kind: 'harmless', why } : effect
}
