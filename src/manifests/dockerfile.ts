/**
 * The images that a Dockerfile builds on: each `FROM`, and images that files are copied from. Source: the Dockerfile reference (directives,
 * escapes, heredocs, ARG before FROM). Nothing else of it is understood, and nothing is run.
 */
import { Fault } from '../model/faults.ts'
import type { ImageUse, Lookup } from './image-use.ts'
import { expand } from './variables.ts'

export interface DockerfileOptions {
  /** Build arguments that are known from elsewhere, as a compose file gives them. */
  readonly args?: Lookup
  /** The stage that is built; the last one unless given. */
  readonly target?: string
}

const LARGEST = 1024 * 1024
const MOST_STAGES = 1000

/** Faults: `dockerfile-invalid`. */
export function readDockerfile(text: string, file: string, { args = () => undefined, target }: DockerfileOptions = {}): ImageUse[] {
  if (text.length > LARGEST) throw new Fault('dockerfile-invalid', `${file} has more than ${LARGEST} characters.`)
  const stages: Stage[] = []
  const copied: ImageUse[] = []
  const globals = new Map<string, string>()
  const lookup: Lookup = name => args(name) ?? globals.get(name)
  for (const { keyword, rest, line, mark } of instructionsOf(text)) {
    if (keyword === 'ARG' && stages.length === 0) {
      for (const [name, value] of definitionsOf(rest)) {
        const { text: known, unset } = expand(value ?? '', lookup, mark)
        if (value !== undefined && unset === undefined && !globals.has(name)) globals.set(name, known)
      }
    } else if (keyword === 'FROM') {
      if (stages.length >= MOST_STAGES) throw new Fault('dockerfile-invalid', `${file} has more than ${MOST_STAGES} stages.`)
      stages.push(stageOf(rest, line, mark, lookup, stages))
    } else if (keyword === 'COPY' || keyword === 'ADD' || keyword === 'RUN') {
      for (const written of sourcesOf(keyword, rest)) {
        if (/^\d+$/.test(written) || stages.some(({ name }) => name?.toLowerCase() === written.toLowerCase())) continue
        copied.push({ line, written, role: 'copied', ...referenceOf(written, lookup, mark) })
      }
    }
  }
  const ships = shippingStages(stages, target)
  const bases = stages.flatMap((stage, at): readonly ImageUse[] => {
    if (stage.parent !== undefined || stage.written === 'scratch') return []
    const { parent: _, ...use } = stage
    return [{ ...use, role: ships.has(at) ? 'base' : 'build' }]
  })
  return [...bases, ...copied].sort((a, b) => a.line - b.line)
}

type Stage = Omit<ImageUse, 'role'> & { /** The earlier stage that it is built on. */ readonly parent?: number }

function stageOf(rest: string, line: number, mark: string, lookup: Lookup, before: readonly Stage[]): Stage {
  const words = rest.split(/\s+/).filter(word => word !== '')
  const flags = words.filter(word => word.startsWith('--'))
  const [written = '', as, name] = words.filter(word => !word.startsWith('--'))
  const platform = flags.find(flag => flag.startsWith('--platform='))?.slice('--platform='.length)
  const wanted = platform === undefined ? undefined : expand(platform, lookup, mark)
  const parent = before.findLastIndex(stage => stage.name?.toLowerCase() === written.toLowerCase())
  return {
    line,
    written,
    ...(parent >= 0 ? { parent } : referenceOf(written, lookup, mark)),
    ...(as?.toLowerCase() === 'as' && name !== undefined ? { name } : {}),
    ...(wanted === undefined || wanted.unset !== undefined ? {} : { platform: wanted.text }),
  }
}

function referenceOf(written: string, lookup: Lookup, mark: string): Pick<ImageUse, 'reference' | 'unknown'> {
  const { text, unset } = expand(written.replace(/^(["'])(.*)\1$/, '$2'), lookup, mark)
  if (unset !== undefined) return { unknown: `depends on ${unset}, which has no value here` }
  return text === '' ? { unknown: 'names no image' } : { reference: text }
}

/** The stage that is built and those it is built on. */
function shippingStages(stages: readonly Stage[], target: string | undefined): ReadonlySet<number> {
  const named =
    target === undefined ? -1 : stages.findIndex((stage, at) => stage.name?.toLowerCase() === target.toLowerCase() || String(at) === target)
  const ships = new Set<number>()
  for (let at: number | undefined = named >= 0 ? named : stages.length - 1; at !== undefined && at >= 0; at = stages[at]?.parent)
    ships.add(at)
  return ships
}

interface Instruction {
  readonly keyword: string
  readonly rest: string
  readonly line: number
  readonly mark: string
}

/** Lines put together where they go on, without comments and without the bodies of heredocs. */
function* instructionsOf(text: string): Generator<Instruction> {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n/)
  const mark = escapeOf(lines)
  const goesOn = mark === '\\' ? /\\[ \t]*$/ : /`[ \t]*$/
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1
    let logical = ''
    for (; at < lines.length; at++) {
      const physical = lines[at] ?? ''
      if (/^\s*#/.test(physical) || (logical !== '' && physical.trim() === '')) continue
      if (!goesOn.test(physical)) {
        logical += physical
        break
      }
      logical += physical.replace(goesOn, '')
    }
    const [, keyword = '', rest = ''] = /^\s*([A-Za-z]+)\s+(.*)$/s.exec(logical) ?? []
    if (keyword === '') continue
    const name = keyword.toUpperCase()
    yield { keyword: name, rest: rest.trim(), line: firstLine(lines, line), mark }
    if (name === 'RUN' || name === 'COPY' || name === 'ADD') at = afterHeredocs(rest, lines, at)
  }
}

/** Comments before an instruction are not where it stands. */
function firstLine(lines: readonly string[], from: number): number {
  let line = from
  while (line < lines.length && /^\s*(#|$)/.test(lines[line - 1] ?? '')) line++
  return line
}

/** Directives are comments before anything else. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const [, name, value] = /^\s*#\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (name === undefined) return '\\'
    if (name.toLowerCase() === 'escape' && value === '`') return '`'
  }
  return '\\'
}

function afterHeredocs(rest: string, lines: readonly string[], from: number): number {
  let at = from
  for (const [, dash, , delimiter = ''] of rest.matchAll(/<<(-?)(["']?)([A-Za-z_][A-Za-z0-9_]*)\2/g)) {
    const end = lines.findIndex((line, place) => place > at && (dash === '-' ? line.replace(/^\t+/, '') : line) === delimiter)
    if (end < 0) return at
    at = end
  }
  return at
}

/** `NAME`, `NAME=value`, several of them; values may be quoted. */
function definitionsOf(rest: string): [string, string | undefined][] {
  return [...rest.matchAll(/([A-Za-z_][A-Za-z0-9_]*)(?:=("[^"]*"|'[^']*'|\S*))?(?:\s+|$)/g)].map(([, name = '', value]) => [
    name,
    value?.replace(/^(["'])(.*)\1$/, '$2'),
  ])
}

/** What `COPY --from` and `RUN --mount=…,from=` name. */
function sourcesOf(keyword: string, rest: string): string[] {
  const flags = /^(?:--\S+\s+)*/.exec(rest)?.[0].split(/\s+/) ?? []
  return flags.flatMap(flag => {
    if (keyword !== 'RUN') return flag.startsWith('--from=') ? [flag.slice('--from='.length)] : []
    const from = flag.startsWith('--mount=') ? flag.split(',').find(part => /^(--mount=)?from=/.test(part)) : undefined
    return from === undefined ? [] : [from.replace(/^(--mount=)?from=/, '')]
  })
}
