/**
 * The images that a compose file runs and the Dockerfiles that it builds. Source: the Compose specification (services, build, extends,
 * merge, interpolation). Values come from the environment first and from `.env` beside the file then, as compose itself has it.
 */
import { isMap, isScalar, isSeq } from 'yaml'
import { Fault } from '../model/faults.ts'
import { ComposeDocument } from './compose-document.ts'
import { type ImageUse, LONGEST_REFERENCE, type Lookup, shortened } from './image-use.ts'
import { expand } from './variables.ts'

export interface ComposeBuild {
  readonly service: string
  readonly line: number
  /** From the compose file's folder on; absent for one that stands inline. */
  readonly dockerfile?: string
  readonly context?: string
  readonly inline?: { readonly text: string /** Of its first line. */; readonly line: number }
  readonly target?: string
  readonly platform?: string
  readonly args: ReadonlyMap<string, string>
}

export interface ComposeFile {
  readonly images: readonly ImageUse[]
  readonly builds: readonly ComposeBuild[]
}

const LARGEST = 1024 * 1024
const DEEPEST = 8

/** Faults: `dockerfile-invalid`. */
export function readCompose(text: string, file: string, lookup: Lookup): ComposeFile {
  if (text.length > LARGEST) throw new Fault('dockerfile-invalid', `${file} has more than ${LARGEST} characters.`)
  const document = new ComposeDocument(text, file)
  const services = document.entry(document.root, 'services')
  const included = elsewhere(document, document.entry(document.root, 'include'), lookup)
  if (!isMap(services)) {
    if (included.length > 0) return { images: included, builds: [] }
    throw new Fault('dockerfile-invalid', `${file} has no services.`)
  }
  const string = stringReader(lookup)
  const images: ImageUse[] = [...included]
  const builds: ComposeBuild[] = []
  for (const [service, what] of document.items(services, 'services')) {
    const field = (key: string) => inherited(document, services, what, key)
    const [build, image, platform] = [field('build'), field('image'), string(field('platform'))]
    if (build !== undefined && !(isScalar(build) && build.value === null)) {
      builds.push({
        service,
        line: document.lineOf(build),
        ...buildOf(document, build, lookup),
        ...(platform === undefined ? {} : { platform }),
      })
    } else if (isScalar(image) && typeof image.value === 'string') {
      const known = referenceOf(image.value, lookup)
      const place = known.reference === image.value ? document.placeOf(image) : undefined
      images.push({
        line: document.lineOf(image),
        written: shortened(image.value),
        ...known,
        role: 'service',
        name: service,
        ...(platform === undefined ? {} : { platform }),
        ...(place === undefined ? {} : { place }),
      })
    } else {
      const parent = document.entry(what, 'extends')
      const other = string(document.entry(parent, 'file'))
      if (other === undefined) continue
      const unknown = 'comes from another file; name that one'
      images.push({ line: document.lineOf(parent), written: shortened(other), unknown, role: 'service', name: service })
    }
  }
  return { images, builds }
}

/** A service's own field, or that of the service of this file which it extends. */
function inherited(document: ComposeDocument, services: unknown, service: unknown, key: string, depth = 0): unknown {
  const own = document.entry(service, key)
  if (own !== undefined || depth >= DEEPEST) return own
  const parent = document.entry(service, 'extends')
  if (document.entry(parent, 'file') !== undefined) return undefined
  const name = isScalar(parent) ? parent : document.entry(parent, 'service')
  return isScalar(name) ? inherited(document, services, document.entry(services, String(name.value)), key, depth + 1) : undefined
}

/** Files that are included: what they run is told of by their own names. */
function elsewhere(document: ComposeDocument, include: unknown, lookup: Lookup): readonly ImageUse[] {
  const string = stringReader(lookup)
  return (isSeq(include) ? include.items.slice(0, 100) : []).flatMap((item): readonly ImageUse[] => {
    const node = document.node(item)
    const path = isMap(node) ? document.entry(node, 'path') : node
    const paths = isSeq(path) ? path.items.slice(0, 100).map(each => document.node(each)) : [path]
    return paths.flatMap((each): readonly ImageUse[] => {
      const written = string(each)
      const unknown = 'is another compose file; name that one'
      return written === undefined ? [] : [{ line: document.lineOf(each), written: shortened(written), unknown, role: 'service' }]
    })
  })
}

function buildOf(document: ComposeDocument, build: unknown, lookup: Lookup): Omit<ComposeBuild, 'service' | 'line' | 'platform'> {
  const string = stringReader(lookup)
  const context = (isScalar(build) ? string(build) : string(document.entry(build, 'context'))) ?? '.'
  const inline = document.entry(build, 'dockerfile_inline')
  const target = string(document.entry(build, 'target'))
  const args = argsOf(document, document.entry(build, 'args'), lookup)
  const rest = { ...(target === undefined ? {} : { target }), args }
  if (!isScalar(inline) || typeof inline.value !== 'string')
    return { context, dockerfile: string(document.entry(build, 'dockerfile')) ?? 'Dockerfile', ...rest }
  // A block's text begins on the line after its mark.
  const line = document.lineOf(inline) + (inline.type?.startsWith('BLOCK') === true ? 1 : 0)
  return { inline: { text: expand(inline.value, lookup, '$', LARGEST).text, line }, ...rest }
}

function referenceOf(written: string, lookup: Lookup): Pick<ImageUse, 'reference' | 'unknown'> {
  const { text, unset } = expand(written.slice(0, LONGEST_REFERENCE + 1), lookup, '$', LONGEST_REFERENCE)
  if (unset !== undefined) return { unknown: `depends on ${unset}, which has no value here` }
  if (text === '') return { unknown: 'names no image' }
  return text.length > LONGEST_REFERENCE ? { unknown: 'is longer than the name of an image can be' } : { reference: text }
}

/** A scalar's text with variables put in; what has no value is empty, as compose has it. */
function stringReader(lookup: Lookup): (value: unknown) => string | undefined {
  return value =>
    isScalar(value) && value.value !== null && value.value !== undefined
      ? expand(String(value.value).slice(0, LONGEST_REFERENCE), lookup, '$', LONGEST_REFERENCE).text
      : undefined
}

function argsOf(document: ComposeDocument, args: unknown, lookup: Lookup): ReadonlyMap<string, string> {
  const string = stringReader(lookup)
  const found = new Map<string, string>()
  const add = (name: string, text: string | undefined) => {
    if (text !== undefined) found.set(name, text)
  }
  if (isMap(args)) {
    for (const [name, value] of document.items(args, 'build arguments')) add(name, string(value) ?? lookup(name))
  } else if (isSeq(args)) {
    for (const item of args.items.slice(0, 1000)) {
      const [name = '', ...rest] = (string(document.node(item)) ?? '').split('=')
      add(name, rest.length > 0 ? rest.join('=') : lookup(name))
    }
  }
  return found
}
