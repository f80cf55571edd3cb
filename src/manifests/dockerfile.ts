/**
 * The images that a Dockerfile builds on: each `FROM`, and images that files are copied from. Source: the Dockerfile reference (directives,
 * escapes, heredocs, ARG before FROM). Nothing else of it is understood, and nothing is run.
 */
import { Fault } from '../model/faults.ts'
import { BuildArguments } from './build-arguments.ts'
import { type ImageUse, LONGEST_REFERENCE, type Lookup, shortened, unquoted } from './image-use.ts'
import { type Instruction, instructionsOf, type Word } from './instructions.ts'
import { expand } from './variables.ts'

export interface DockerfileOptions {
  /** Build arguments that are known from elsewhere, as a compose file gives them. */
  readonly args?: Lookup
  /** The stage that is built; the last one unless given. */
  readonly target?: string
  /** What is built for, `os/architecture[/variant]`: the value of `TARGETPLATFORM` and its parts. */
  readonly platform?: string
}

const LARGEST = 1024 * 1024
const MOST_STAGES = 1000
const MOST_ARGUMENTS = 1000
const MOST_COPIED = 1000

/** Faults: `dockerfile-invalid`. */
export function readDockerfile(text: string, file: string, { args, target, platform }: DockerfileOptions = {}): ImageUse[] {
  const atMost = (limit: number, count: number, what: string) => {
    if (count > limit) throw new Fault('dockerfile-invalid', `${file} has more than ${limit} ${what}.`)
  }
  atMost(LARGEST, text.length, 'characters')
  const stages: Stage[] = []
  const names = new Map<string, number>()
  const copied: Copied[] = []
  const known = new BuildArguments(args ?? (() => undefined), platform)
  const { lookup } = known
  let definitions = 0
  for (const { keyword, words, line, mark } of instructionsOf(text)) {
    if (keyword === 'ARG' && stages.length === 0) {
      definitions += words.length
      atMost(MOST_ARGUMENTS, definitions, 'arguments')
      for (const word of words) known.define(word, mark)
    } else if (keyword === 'ARG') {
      for (const word of words) known.takeIn(word)
    } else if (keyword === 'FROM') {
      atMost(MOST_STAGES, stages.length + 1, 'stages')
      const stage = stageOf(words, line, mark, lookup, names)
      stages.push(stage)
      if (stage.name !== undefined) names.set(stage.name.toLowerCase(), stages.length - 1)
    } else if (keyword === 'COPY' || keyword === 'RUN') {
      for (const word of sourcesOf(keyword, words)) {
        const image = referenceOf(word.text, lookup, mark)
        const stage = names.get((image.reference ?? word.text).toLowerCase()) ?? (/^\d+$/.test(word.text) ? Number(word.text) : undefined)
        const into = stages.length - 1
        const isWhole = keyword === 'COPY' && copiesEverything(words)
        if (stage !== undefined && isWhole && stage < into) stages[into]?.wholes.push(stage)
        if (stage !== undefined) continue
        copied.push({ line, written: shortened(word.text), ...image, ...(isWhole ? { into } : {}) })
        atMost(MOST_COPIED, copied.length, 'images that files are copied from')
      }
    }
  }
  const ships = shippingStages(stages, names, target)
  const bases = stages.flatMap((stage, at): readonly ImageUse[] => {
    if (stage.parent !== undefined || stage.reference?.toLowerCase() === 'scratch') return []
    const { parent: _, wholes: __, ...use } = stage
    return [{ ...use, ...throughOf(use, known), role: ships.has(at) ? 'base' : 'build' }]
  })
  const sources = copied.map(({ into, ...use }): ImageUse => ({ ...use, role: into !== undefined && ships.has(into) ? 'base' : 'copied' }))
  return [...bases, ...sources].sort((a, b) => a.line - b.line)
}

interface Stage extends Omit<ImageUse, 'role'> {
  /** The earlier stage that it is built on. */
  readonly parent?: number
  /** Earlier stages whose whole tree is copied into it, as images are flattened. */
  readonly wholes: number[]
}

/** `into`: the stage that all of it is copied into. */
type Copied = Omit<ImageUse, 'role'> & { readonly into?: number }

function stageOf(words: readonly Word[], line: number, mark: string, lookup: Lookup, names: ReadonlyMap<string, number>): Stage {
  const flag = words.find(({ text }) => text.startsWith('--platform='))?.text.slice('--platform='.length)
  const [image, as, name] = words.filter(({ text }) => !text.startsWith('--'))
  const written = image?.text ?? ''
  const platform = flag === undefined ? undefined : expand(flag, lookup, mark, LONGEST_REFERENCE)
  const known = referenceOf(written, lookup, mark)
  const parent = known.reference === undefined ? undefined : names.get(known.reference.toLowerCase())
  return {
    line,
    written: shortened(written),
    wholes: [],
    ...known,
    ...(parent === undefined ? {} : { parent }),
    ...(as?.text.toLowerCase() === 'as' && name !== undefined ? { name: shortened(name.text) } : {}),
    ...(platform === undefined || platform.unset !== undefined ? {} : { platform: platform.text }),
    ...(image?.place === undefined || known.reference !== written ? {} : { place: image.place }),
  }
}

function referenceOf(written: string, lookup: Lookup, mark: string): Pick<ImageUse, 'reference' | 'unknown'> {
  const { text, unset } = expand(unquoted(written.slice(0, LONGEST_REFERENCE + 2)), lookup, mark, LONGEST_REFERENCE)
  if (unset !== undefined) {
    const how = unset.startsWith('TARGET') ? ' unless --platform is given' : ''
    return { unknown: `depends on ${unset}, which has no value here${how}` }
  }
  if (text === '') return { unknown: 'names no image' }
  return text.length > LONGEST_REFERENCE ? { unknown: 'is longer than the name of an image can be' } : { reference: text }
}

/** Where one argument, and nothing else that is put in, makes part of the reference. */
function throughOf({ written, reference }: Omit<ImageUse, 'role'>, known: BuildArguments): Pick<ImageUse, 'through'> {
  const [, prefix = '', name = '', braced = '', suffix = ''] =
    /^([^$\\`"']*)\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})([^$\\`"']*)$/.exec(written) ?? []
  const found = known.onlyDefault(name === '' ? braced : name)
  if (found?.place === undefined || reference !== `${prefix}${found.text}${suffix}`) return {}
  return { through: { prefix, suffix, place: found.place } }
}

/** The stage that is built, those it is built on, and those that are copied into these as a whole. */
function shippingStages(stages: readonly Stage[], names: ReadonlyMap<string, number>, target: string | undefined): ReadonlySet<number> {
  const number = target !== undefined && /^\d{1,4}$/.test(target) && Number(target) < stages.length ? Number(target) : undefined
  const named = target === undefined ? undefined : (names.get(target.toLowerCase()) ?? number)
  const ships = new Set<number>()
  const next = [named ?? stages.length - 1]
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    const stage = stages[at]
    if (stage === undefined || ships.has(at)) continue
    ships.add(at)
    next.push(...stage.wholes, ...(stage.parent === undefined ? [] : [stage.parent]))
  }
  return ships
}

/** `COPY --from=build / /`: one of the sources is the root. The list may be written as JSON. */
function copiesEverything(words: readonly Word[]): boolean {
  const paths = words
    .flatMap(({ text }) => (text.startsWith('--') ? [] : text.replace(/^\[|\]$/g, '').split(',')))
    .filter(path => path !== '')
  return paths.slice(0, -1).some(path => /^\/+[.*]?$/.test(unquoted(path)))
}

/** What `COPY --from` and `RUN --mount=…,from=` name. Flags come first. */
function sourcesOf(keyword: Instruction['keyword'], words: readonly Word[]): Word[] {
  const end = words.findIndex(({ text }) => !text.startsWith('--'))
  return words.slice(0, end < 0 ? words.length : end).flatMap(({ text }): readonly Word[] => {
    if (keyword === 'COPY') return text.startsWith('--from=') ? [{ text: text.slice('--from='.length) }] : []
    if (!text.startsWith('--mount=')) return []
    const from = text
      .slice('--mount='.length)
      .split(',')
      .find(part => part.startsWith('from='))
    return from === undefined ? [] : [{ text: from.slice('from='.length) }]
  })
}
