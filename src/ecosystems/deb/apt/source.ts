/** Where packages come from, in both ways apt writes it down. Source: sources.list(5). */
import { Fault } from '../../../model/faults.ts'
import { fieldValue, type Invalid, readStanzas, type Stanza } from '../control.ts'

/** Which keys a source trusts, where it says so. */
export interface SignedBy {
  /** Absolute paths of keyrings, in the place that the source is from. */
  readonly keyrings: readonly string[]
  /** Upper-case hexadecimal; with `!` only that very key, else its subkeys too. */
  readonly fingerprints: readonly string[]
  /** Armoured keys in the source itself. */
  readonly inline?: string
}

/** Whose configuration names a source: its keyrings are looked for there first. */
export type SourceOrigin = 'asked' | 'image' | 'machine'

/** One suite of one repository. */
export interface AptSource {
  /** With a final `/`, without credentials. */
  readonly uri: string
  /** `user:password`, where the address holds them. */
  readonly credentials?: string
  /** With a final `/` for a repository without components. */
  readonly suite: string
  readonly components: readonly string[]
  /** Absent: those of the image. */
  readonly architectures?: readonly string[]
  readonly signedBy?: SignedBy
  /** `trusted=yes`: wants no signature. */
  readonly trusted: boolean
  readonly checkValidUntil: boolean
  readonly origin: SourceOrigin
  /** The file, or what a person wrote, for messages. */
  readonly from: string
}

export interface SourceFile {
  readonly path: string
  readonly text: string
  readonly origin: SourceOrigin
}

const MOST_SOURCES = 500

/** Reads a `.list` or `.sources` file. What is disabled, of source packages, or of a kind without network is left out. Throws `apt-sources-invalid`. */
export function readSourceFile(file: SourceFile): AptSource[] {
  const sources = file.path.endsWith('.sources') ? readStanzaSources(file) : readLineSources(file)
  if (sources.length > MOST_SOURCES) throw new Fault('apt-sources-invalid', `${file.path} names more than ${MOST_SOURCES} suites`)
  return sources
}

/** Reads what a person wrote: one line, or a stanza. Throws `apt-sources-invalid`. */
export function readAskedSource(text: string): AptSource[] {
  const isStanza = /^\s*(types|uris|suites|components|signed-by|enabled|architectures)\s*:/im.test(text)
  const line = /^\s*deb\s/.test(text) || isStanza ? text : `deb ${text}`
  const sources = readSourceFile({ path: isStanza ? 'the given source.sources' : 'the given source', text: line, origin: 'asked' })
  if (sources.length === 0) throw new Fault('apt-sources-invalid', 'The given source names no repository of packages')
  return sources
}

function readLineSources({ path, text, origin }: SourceFile): AptSource[] {
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.replace(/(^|\s)#.*$/, '').trim()
    const invalid: Invalid = what => new Fault('apt-sources-invalid', `${path}, line ${index + 1}, ${what}`)
    if (line === '' || /^deb-src\s/.test(line)) return []
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)$/.exec(line)
    if (match === null) throw invalid('is no source')
    const [, options = '', uri = '', suite = '', components = ''] = match
    const values = new Map<string, string>()
    for (const option of options.split(/\s+/).filter(part => part !== '')) {
      const [, key = '', value = ''] = /^([A-Za-z-]+)[+-]?=(.*)$/.exec(option) ?? []
      if (key === '') throw invalid(`has an option that cannot be read: ${JSON.stringify(option.slice(0, 80))}`)
      values.set(key.toLowerCase(), value.replaceAll(',', ' '))
    }
    const setting = (name: string): string | undefined => values.get(name)
    return sourceOf(uri, suite, words(components), setting, { path, origin, architectures: 'arch' }, invalid) ?? []
  })
}

function readStanzaSources({ path, text, origin }: SourceFile): AptSource[] {
  const invalid: Invalid = what => new Fault('apt-sources-invalid', `${path} ${what}`)
  // A line that holds a comment alone separates nothing.
  const plain = text.replace(/^#.*(?:\n|$)/gm, '')
  return [...readStanzas(plain, invalid)].flatMap(stanza => {
    const setting = (name: string): string | undefined => fieldValue(stanza, name)
    if (/^(no|false|without|off|disable)$/i.test(setting('Enabled') ?? '')) return []
    if (!words(demand(stanza, 'Types', invalid)).includes('deb')) return []
    const components = words(setting('Components') ?? '')
    const suites = words(demand(stanza, 'Suites', invalid))
    return words(demand(stanza, 'URIs', invalid)).flatMap(uri =>
      suites.flatMap(suite => sourceOf(uri, suite, components, setting, { path, origin, architectures: 'Architectures' }, invalid) ?? []),
    )
  })
}

function demand(stanza: Stanza, field: string, invalid: Invalid): string {
  const value = fieldValue(stanza, field)
  if (value === undefined || value.trim() === '') throw invalid(`has a source without ${field}`)
  return value
}

interface Place {
  readonly path: string
  readonly origin: SourceOrigin
  /** What the option with the architectures is called. */
  readonly architectures: string
}

function sourceOf(
  address: string,
  suite: string,
  components: readonly string[],
  setting: (name: string) => string | undefined,
  { path, origin, architectures }: Place,
  invalid: Invalid,
): AptSource | undefined {
  const parsed = URL.canParse(address) ? new URL(address) : undefined
  if (parsed === undefined) throw invalid(`has an address that can be none: ${JSON.stringify(address.slice(0, 200))}`)
  // Repositories on a disk are on the disk of the machine that made the image.
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') return undefined
  if (!/^[A-Za-z0-9][A-Za-z0-9._~+/-]*\/?$|^\.?\/$/.test(suite) || suite.split('/').includes('..'))
    throw invalid(`has a suite that can be none: ${suite.slice(0, 80)}`)
  const bad = components.find(component => !/^[A-Za-z0-9][A-Za-z0-9._~+/-]*$/.test(component) || component.split('/').includes('..'))
  if (bad !== undefined) throw invalid(`has a component that can be none: ${bad.slice(0, 80)}`)
  if (components.length === 0 && !suite.endsWith('/')) throw invalid('names no component')
  const { username, password } = parsed
  const credentials = decoded(`${username}:${password}`)
  if (credentials === undefined) throw invalid('has a name or password in its address that cannot be read')
  parsed.username = ''
  parsed.password = ''
  parsed.hash = ''
  parsed.search = ''
  const signedBy = setting('Signed-By') ?? setting('signed-by')
  const named = words(setting(architectures) ?? '')
  const says = (name: string): string => (setting(name) ?? setting(name.toLowerCase()) ?? '').toLowerCase()
  return {
    uri: parsed.href.replace(/\/*$/, '/'),
    ...(username !== '' && { credentials }),
    suite,
    components,
    ...(named.length > 0 && { architectures: named }),
    ...(signedBy !== undefined && signedBy.trim() !== '' && { signedBy: signedByOf(signedBy) }),
    trusted: says('Trusted') === 'yes',
    checkValidUntil: says('Check-Valid-Until') !== 'no',
    origin,
    from: path,
  }
}

function signedByOf(text: string): SignedBy {
  if (text.includes('-----BEGIN PGP')) {
    // A line that holds a point alone stands for an empty one.
    const inline = text
      .split('\n')
      .map(line => (line.trim() === '.' ? '' : line.trim()))
      .join('\n')
    return { keyrings: [], fingerprints: [], inline: inline.trim() }
  }
  const all = text.split(/[\s,]+/).filter(part => part !== '')
  return {
    keyrings: all.filter(part => part.startsWith('/')),
    fingerprints: all.filter(part => !part.startsWith('/')).map(part => part.toUpperCase()),
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(word => word !== '')
}

/** Its name says that it holds security updates: enough to know which suite to ask first. */
export function isSecuritySuite({ suite, uri }: Pick<AptSource, 'suite' | 'uri'>): boolean {
  return /-security$|\/updates\/?$/.test(suite) || /-security\/$/.test(uri)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
