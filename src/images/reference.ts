/**
 * What a person writes for an image: a name in a registry, a folder, an archive. No registry is assumed: a name without a host means what
 * the machine's registries.conf says, or nothing.
 */
import { Fault } from '../model/faults.ts'
import type { BlobDigest } from '../model/image.ts'
import { blobDigest } from '../model/image.ts'
import { printable } from '../text/printable.ts'

export interface RegistryReference {
  readonly kind: 'registry'
  /** With its port, where one is written; lower case. */
  readonly host: string
  readonly repository: string
  readonly tag?: string
  readonly digest?: BlobDigest
}

export interface LayoutReference {
  readonly kind: 'layout'
  readonly folder: string
  readonly tag?: string
}

export interface ArchiveReference {
  readonly kind: 'archive'
  readonly format: 'docker' | 'oci'
  /** `-` is standard input, or standard output. */
  readonly file: string
  /** In a Docker archive a whole name with its tag, else the tag alone. */
  readonly tag?: string
}

export type ImageReference = RegistryReference | LayoutReference | ArchiveReference

/** What names without a host mean on this machine. */
export interface UnqualifiedNames {
  /** Hosts that are searched, as registries.conf lists them. */
  readonly searched: readonly string[]
  /** Short names with the full repository each stands for. */
  readonly aliases: ReadonlyMap<string, string>
}

const NO_NAMES: UnqualifiedNames = { searched: [], aliases: new Map() }
const LONGEST = 4096
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?$/
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const PREFIXES = ['oci:', 'docker-archive:', 'oci-archive:', 'docker://']

/** Faults: `image-reference-invalid`; `image-host-missing` for a name that says no registry where the machine names none either. */
export function parseReference(text: string, names: UnqualifiedNames = NO_NAMES): ImageReference {
  return parseLocalReference(text) ?? registryReference(text, text.startsWith('docker://') ? text.slice('docker://'.length) : text, names)
}

/** Undefined for what is in a registry, about which the machine has to be asked. Faults: `image-reference-invalid`. */
export function parseLocalReference(text: string): LayoutReference | ArchiveReference | undefined {
  if (text.length > LONGEST || /[\0-\u001f\u007f]/.test(text)) throw wrong(text, 'it holds characters that no reference has')
  if (text.startsWith('oci:')) {
    const { path, tag } = splitTag(text.slice('oci:'.length))
    if (path === '') throw wrong(text, 'the folder is missing')
    return { kind: 'layout', folder: path, ...(tag === undefined ? {} : { tag }) }
  }
  if (text.startsWith('oci-archive:')) return archive(text, 'oci', splitTag(text.slice('oci-archive:'.length)))
  if (text.startsWith('docker-archive:')) return archive(text, 'docker', splitName(text.slice('docker-archive:'.length)))
  return text === '-' ? { kind: 'archive', format: 'docker', file: '-' } : undefined
}

/** Whether a text on the command line means an image and not a folder; a name needs a host, a tag or a digest to be taken for one. */
export function isImageReference(text: string): boolean {
  if (saysItsKind(text)) return true
  if (/^[./~]/.test(text) || text.includes('\\') || text.length > LONGEST) return false
  try {
    const { name, tag, digest } = splitNameParts(text)
    const [host = '', ...rest] = name.split('/')
    const qualified = rest.length > 0 && isHost(host)
    const repository = qualified ? rest.join('/') : name
    return REPOSITORY.test(repository) && (qualified || tag !== undefined || digest !== undefined)
  } catch {
    return false
  }
}

/** Whether the text says by its first word, or as standard input, that it is an image, whatever files there are. */
export function saysItsKind(text: string): boolean {
  return text === '-' || PREFIXES.some(prefix => text.startsWith(prefix))
}

/** The reference in full, as it can be written again. */
export function printReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`
  if (reference.kind === 'layout') return `oci:${reference.folder}${tag}`
  if (reference.kind === 'archive') return `${reference.format}-archive:${reference.file}${tag}`
  return `${reference.host}/${reference.repository}${tag}${reference.digest === undefined ? '' : `@${reference.digest}`}`
}

function registryReference(text: string, written: string, names: UnqualifiedNames): RegistryReference {
  const { name, tag, digest } = splitNameParts(written)
  if (tag !== undefined && !TAG.test(tag)) throw wrong(text, 'the tag is none')
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) throw wrong(text, 'the digest is no sha256 digest')
  const full = qualified(text, name, names)
  const slash = full.indexOf('/')
  const host = full.slice(0, slash).toLowerCase()
  const repository = full.slice(slash + 1)
  if (!HOST.test(host)) throw wrong(text, 'the host is none')
  if (repository.length > 255 || !REPOSITORY.test(repository)) {
    throw wrong(text, 'the repository must be lower-case letters and digits, with single . _ - and / between')
  }
  return {
    kind: 'registry',
    host,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest: blobDigest(digest) }),
  }
}

function qualified(text: string, name: string, { searched, aliases }: UnqualifiedNames): string {
  const [first = '', ...rest] = name.split('/')
  if (rest.length > 0 && isHost(first)) return name
  if (!REPOSITORY.test(name)) throw wrong(text, 'it is no name of a repository')
  const alias = aliases.get(name)
  if (alias !== undefined) return alias
  const [only] = searched
  if (only !== undefined && searched.length === 1) return `${only}/${name}`
  const what = searched.length === 0 ? 'it does not say which registry it is in' : `it may be in ${printable(searched.join(', '))}`
  throw new Fault('image-host-missing', `${printable(text)} is not clear: ${what}.`)
}

function splitNameParts(text: string): { name: string; tag?: string; digest?: string } {
  const at = text.indexOf('@')
  const front = at === -1 ? text : text.slice(0, at)
  const digest = at === -1 ? {} : { digest: text.slice(at + 1) }
  const colon = front.lastIndexOf(':')
  // A colon before a slash is a port's.
  if (colon === -1 || front.includes('/', colon)) return { name: front, ...digest }
  return { name: front.slice(0, colon), tag: front.slice(colon + 1), ...digest }
}

function isHost(part: string): boolean {
  return part === 'localhost' || part.includes('.') || part.includes(':')
}

function archive(text: string, format: 'docker' | 'oci', { path, tag }: { path: string; tag?: string }): ArchiveReference {
  if (path === '') throw wrong(text, 'the file is missing')
  return { kind: 'archive', format, file: path, ...(tag === undefined ? {} : { tag }) }
}

/**
 * A tag behind the last colon; a colon that is followed by something else belongs to the path. Podman and skopeo also keep images under whole
 * names: one with a registry and a tag, behind the first colon, is such a name.
 */
function splitTag(text: string): { path: string; tag?: string } {
  // The colon behind a drive's letter is the path's.
  const first = text.indexOf(':', /^[A-Za-z]:[\\/]/.test(text) ? 2 : 0)
  if (first > 0 && isWholeName(text.slice(first + 1))) return { path: text.slice(0, first), tag: text.slice(first + 1) }
  const colon = text.lastIndexOf(':')
  const tag = colon === -1 ? '' : text.slice(colon + 1)
  return TAG.test(tag) ? { path: text.slice(0, colon), tag } : { path: text }
}

/** A Docker archive's image is named in full: `file.tar:registry.example/name:tag`; the name begins behind the first colon. */
function splitName(text: string): { path: string; tag?: string } {
  const colon = text.indexOf(':')
  const tag = colon === -1 ? '' : text.slice(colon + 1)
  return tag === '' ? { path: text } : { path: text.slice(0, colon), tag }
}

function isWholeName(text: string): boolean {
  const slash = text.indexOf('/')
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, slash)
  if (slash <= 0 || colon < slash || !isHost(host) || !HOST.test(host)) return false
  return REPOSITORY.test(text.slice(slash + 1, colon)) && TAG.test(text.slice(colon + 1))
}

function wrong(text: string, why: string): Fault {
  return new Fault('image-reference-invalid', `${printable(text).slice(0, 200)} is no image reference: ${why}.`)
}
