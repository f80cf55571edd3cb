/**
 * The images that a compose file runs and the Dockerfiles that it builds. Source: the Compose specification (services, build,
 * interpolation). Values come from the environment first and from `.env` beside the file then, as compose itself has it.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { Fault } from '../model/faults.ts'
import type { ImageUse, Lookup } from './image-use.ts'
import { expand } from './variables.ts'

export interface ComposeBuild {
  readonly service: string
  readonly line: number
  /** Relative to the compose file; absent for one that stands inline. */
  readonly dockerfile?: string
  readonly inline?: string
  readonly target?: string
  readonly args: ReadonlyMap<string, string>
}

export interface ComposeFile {
  readonly images: readonly ImageUse[]
  readonly builds: readonly ComposeBuild[]
}

const LARGEST = 1024 * 1024
const MOST_SERVICES = 1000

/** Faults: `dockerfile-invalid`. */
export function readCompose(text: string, file: string, lookup: Lookup): ComposeFile {
  if (text.length > LARGEST) throw new Fault('dockerfile-invalid', `${file} has more than ${LARGEST} characters.`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent', uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) throw new Fault('dockerfile-invalid', `${file} is no YAML: ${error.message.split('\n')[0]}`)
  const node = (value: unknown): unknown => (isAlias(value) ? value.resolve(document) : value)
  const entry = (map: unknown, key: string): unknown => (isMap(map) ? node(map.get(key, true)) : undefined)
  const string = (value: unknown): string | undefined =>
    isScalar(value) && value.value !== null ? expand(String(value.value), lookup, '$').text : undefined
  const services = entry(document.contents, 'services')
  if (!isMap(services)) throw new Fault('dockerfile-invalid', `${file} has no services.`)
  if (services.items.length > MOST_SERVICES) throw new Fault('dockerfile-invalid', `${file} has more than ${MOST_SERVICES} services.`)
  const images: ImageUse[] = []
  const builds: ComposeBuild[] = []
  for (const { key, value } of services.items) {
    const service = isScalar(key) ? String(key.value) : ''
    const what = node(value)
    const build = entry(what, 'build')
    const image = entry(what, 'image')
    const lineOf = (of: unknown) => lines.linePos((isScalar(of) || isMap(of) ? of.range?.[0] : undefined) ?? 0).line
    if (build !== undefined) {
      const context = isScalar(build) ? string(build) : (string(entry(build, 'context')) ?? '.')
      const inline = isMap(build) ? string(entry(build, 'dockerfile_inline')) : undefined
      const target = string(entry(build, 'target'))
      const dockerfile = `${(context ?? '.').replace(/\/+$/, '')}/${string(entry(build, 'dockerfile')) ?? 'Dockerfile'}`
      const from = inline === undefined ? { dockerfile } : { inline }
      builds.push({
        service,
        line: lineOf(build),
        ...from,
        ...(target === undefined ? {} : { target }),
        args: argsOf(entry(build, 'args'), string, lookup),
      })
    } else if (isScalar(image) && typeof image.value === 'string') {
      const { text: reference, unset } = expand(image.value, lookup, '$')
      const platform = string(entry(what, 'platform'))
      images.push({
        line: lineOf(image),
        written: image.value,
        ...(unset === undefined ? { reference } : { unknown: `depends on ${unset}, which has no value here` }),
        role: 'service',
        name: service,
        ...(platform === undefined ? {} : { platform }),
      })
    }
  }
  return { images, builds }
}

function argsOf(args: unknown, string: (value: unknown) => string | undefined, lookup: Lookup): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  if (isMap(args)) {
    for (const { key, value } of args.items) {
      const name = isScalar(key) ? String(key.value) : ''
      const text = string(value) ?? lookup(name)
      if (text !== undefined) found.set(name, text)
    }
  } else if (isSeq(args)) {
    for (const item of args.items) {
      const [name = '', ...rest] = (string(item) ?? '').split('=')
      const text = rest.length > 0 ? rest.join('=') : lookup(name)
      if (text !== undefined) found.set(name, text)
    }
  }
  return found
}

/** `.env`: `NAME=value` a line, values perhaps quoted, `#` begins a comment. */
export function readEnvironmentFile(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const line of text.slice(0, LARGEST).split(/\r?\n/)) {
    const [, name = '', value = ''] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (name === '') continue
    const [, , quoted] = /^(["'])(.*)\1/.exec(value) ?? []
    found.set(name, quoted ?? value.replace(/(^|\s+)#.*$/, ''))
  }
  return found
}

/** Whether a file's name says that it is one of these. */
export function manifestKind(name: string): 'dockerfile' | 'compose' | undefined {
  if (/^(?:docker-)?compose(?:[._-][\w.-]+)?\.ya?ml$/i.test(name)) return 'compose'
  return /^(?:Dockerfile|Containerfile)(?:[._-][\w.-]+)?$|^[^/]+\.(?:dockerfile|containerfile)$/i.test(name) ? 'dockerfile' : undefined
}
