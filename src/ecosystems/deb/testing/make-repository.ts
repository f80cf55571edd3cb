/** Makes a signed Debian repository in memory, for tests: packages, indexes in several forms, by-hash, InRelease. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import * as openpgp from 'openpgp'
import { controlOf, type DebSpec, makeDeb } from './make-deb.ts'
import { storeXz } from './store-xz.ts'

export interface RepositoryKey {
  /** Armoured, as a `.asc` keyring holds it. */
  readonly publicKey: string
  readonly fingerprint: string
  readonly privateKey: openpgp.PrivateKey
}

/** When the test's repositories are made, unless told otherwise. */
export const MADE = new Date('2026-01-10T00:00:00Z')

export async function makeKey(
  options: { readonly made?: Date; readonly secondsValid?: number; readonly name?: string } = {},
): Promise<RepositoryKey> {
  const { privateKey, publicKey } = await openpgp.generateKey({
    type: 'ecc',
    userIDs: [{ name: options.name ?? 'Archive', email: 'archive@deb.example' }],
    date: options.made ?? new Date('2026-01-01T00:00:00Z'),
    keyExpirationTime: options.secondsValid ?? 0,
    format: 'object',
  })
  return { publicKey: publicKey.armor(), fingerprint: publicKey.getFingerprint().toUpperCase(), privateKey }
}

export interface RepositorySpec {
  readonly packages: readonly DebSpec[]
  readonly suite: string
  readonly codename?: string
  readonly label?: string
  readonly component?: string
  readonly architectures?: readonly string[]
  readonly key: RepositoryKey
  /** Further signatures, put before that of `key`. */
  readonly otherKeys?: readonly RepositoryKey[]
  readonly date?: Date
  readonly validUntil?: Date
  readonly byHash?: boolean
  readonly forms?: readonly ('' | '.gz' | '.xz')[]
  /** Lines of the release file besides its usual ones. */
  readonly fields?: Readonly<Record<string, string>>
  /** Changes the text of the release before it is signed. */
  readonly release?: (text: string) => string
  /** Changes the text of the package indexes before they are listed. */
  readonly index?: (text: string) => string
  /** Puts another archive in the place of a package's. */
  readonly archive?: (name: string, made: Buffer) => Uint8Array
}

/** Path below the repository's root → content. */
export type RepositoryFiles = Map<string, Uint8Array>

/** Everything a server of the repository has. Several suites may be put into one map. */
export async function makeRepository(spec: RepositorySpec): Promise<RepositoryFiles> {
  const { suite, component = 'main', architectures = ['amd64'], byHash = true, forms = ['.xz', '.gz', ''] } = spec
  const files: RepositoryFiles = new Map()
  const stanzas = new Map<string, string[]>(architectures.map(architecture => [architecture, []]))
  for (const item of spec.packages) {
    const control = controlOf(item)
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(control)?.[1] ?? ''
    const made = makeDeb(item)
    const bytes = spec.archive?.(field('Package'), made) ?? made
    const path = `pool/${component}/${field('Package')}_${field('Version').replace(/^\d+:/, '')}_${field('Architecture')}.deb`
    files.set(path, bytes)
    const stanza = `${control.replace(/^Description:/m, `Filename: ${path}\nSize: ${bytes.length}\nSHA256: ${digest(bytes)}\nDescription:`)}\n`
    for (const [architecture, list] of stanzas) if (['all', architecture].includes(field('Architecture'))) list.push(stanza)
  }
  const listed: string[] = []
  for (const [architecture, list] of stanzas) {
    const text = Buffer.from(spec.index?.(list.join('\n')) ?? list.join('\n'))
    const folder = `${component}/binary-${architecture}`
    for (const form of ['', '.gz', '.xz'] as const) {
      const bytes = form === '' ? text : form === '.gz' ? gzipSync(text) : storeXz(text)
      // The plain form is always listed, and often not there.
      if (form !== '' && !forms.includes(form)) continue
      listed.push(` ${digest(bytes)} ${bytes.length} ${folder}/Packages${form}`)
      if (!forms.includes(form)) continue
      files.set(`dists/${suite}/${folder}/Packages${form}`, bytes)
      if (byHash) files.set(`dists/${suite}/${folder}/by-hash/SHA256/${digest(bytes)}`, bytes)
    }
  }
  const fields: Readonly<Record<string, string | undefined>> = {
    Origin: 'Example',
    Label: spec.label ?? 'Example',
    Suite: suite,
    Codename: spec.codename ?? suite,
    Date: (spec.date ?? MADE).toUTCString().replace('GMT', 'UTC'),
    'Valid-Until': spec.validUntil?.toUTCString().replace('GMT', 'UTC'),
    'Acquire-By-Hash': byHash ? 'yes' : undefined,
    'No-Support-for-Architecture-all': 'Packages',
    Architectures: ['all', ...architectures].join(' '),
    Components: component,
    ...spec.fields,
  }
  const lines = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  const text = [...lines, 'SHA256:', ...listed, ''].join('\n')
  const signed = await clearSign(spec.release?.(text) ?? text, [...(spec.otherKeys ?? []), spec.key], spec.date ?? MADE)
  files.set(`dists/${suite}/InRelease`, Buffer.from(signed))
  return files
}

export async function clearSign(text: string, keys: readonly RepositoryKey[], date: Date): Promise<string> {
  const message = await openpgp.createCleartextMessage({ text })
  return openpgp.sign({ message, signingKeys: keys.map(({ privateKey }) => privateKey), date })
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
