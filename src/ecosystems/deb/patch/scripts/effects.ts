/** What a maintainer script would have done, as far as its text says. */

/** A change to one path of the image that a script makes for certain, and that can be made without it. Paths have no leading `/`. */
export type FileChange =
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'mode'; readonly path: string; readonly mode: number }
  | { readonly kind: 'owner'; readonly path: string; readonly uid?: number; readonly gid?: number }
  | { readonly kind: 'empty-file'; readonly path: string }
  | { readonly kind: 'content'; readonly path: string; readonly text: string }
  | { readonly kind: 'conffile'; readonly action: 'rm' | 'mv'; readonly path: string; readonly to?: string; readonly package: string }

export type Effect =
  /** Something that does nothing in an image that lies still. */
  | { readonly kind: 'harmless'; readonly why: string }
  /** Something that is done here without running it. */
  | { readonly kind: 'handled'; readonly handler: Handler }
  | { readonly kind: 'change'; readonly change: FileChange }
  /** `paths` are the only paths that it touches, where that is known. */
  | { readonly kind: 'needs'; readonly why: string; readonly command: string; readonly paths?: readonly string[] }
  /** Asks for another package's script to be called later. */
  | { readonly kind: 'trigger'; readonly name: string }

export type Handler = 'ld.so.cache' | 'ca-certificates' | 'compiled Python'

export type Verdict =
  | { readonly class: 'none' }
  | { readonly class: 'harmless'; readonly why: string }
  | { readonly class: 'handled'; readonly handlers: readonly string[] }
  | { readonly class: 'needs-execution'; readonly why: string }

/** One word for all effects of a script: the worst counts. */
export function verdictOf(effects: readonly Effect[]): Verdict {
  const needs = effects.find(effect => effect.kind === 'needs')
  if (needs?.kind === 'needs') return { class: 'needs-execution', why: `${needs.why}: ${firstLine(needs.command)}` }
  const handlers = effects.flatMap(effect =>
    effect.kind === 'handled' ? effect.handler : effect.kind === 'change' ? describe(effect.change) : [],
  )
  if (handlers.length > 0) return { class: 'handled', handlers: [...new Set(handlers)] }
  const whys = effects.flatMap(effect => (effect.kind === 'harmless' ? effect.why : effect.kind === 'trigger' ? 'asks for a trigger' : []))
  return whys.length > 0 ? { class: 'harmless', why: [...new Set(whys)].join('; ') } : { class: 'none' }
}

function firstLine(command: string): string {
  const [line = ''] = command.replace(/\\\n\s*/g, ' ').split('\n')
  return line.trim().slice(0, 160)
}

export function describe(change: FileChange): string {
  const what = {
    remove: 'removes',
    folder: 'makes folder',
    link: 'links',
    mode: 'sets mode of',
    owner: 'sets owner of',
    'empty-file': 'makes',
    content: 'writes',
    conffile: 'gives up conffile',
  }
  return `${what[change.kind]} /${change.path}`
}
