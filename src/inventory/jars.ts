/**
 * Java archives by what their build left inside: `META-INF/maven/<group>/<artifact>/pom.properties` (several, where one archive was
 * made of many), or else the manifest and the file's name. Archives within archives (Spring Boot, web applications) are looked into
 * without being written anywhere; depth, number and unpacked bytes are bounded for the outermost file as a whole.
 */
import type { ByteRange, ContentByPosition, ContentExtractor } from '../model/image.ts'
import { encodeContents, type InstalledPackage, isPlain } from './installed-package.ts'
import { type ManifestIdentity, manifestIdentity } from './jar-manifest.ts'
import { readEntries, readEntry, UnreadableZip, type ZipEntry } from './zip-entries.ts'

const ARCHIVE = /\.(?:jar|war|ear|hpi|jpi|sar|par)$/i
/** An archive, or a script that runs the archive behind it. */
const BEGINNINGS: ReadonlySet<string> = new Set(['PK', '#!'])
const POM = /^META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/
const MANIFEST = 'META-INF/MANIFEST.MF'
/** What is kept of one file while it streams by; of a larger one, the beginning and the end, where archives keep these files. */
const MOST_HELD = 64 << 20
const BEGINNING = 24 << 20
const LARGEST_TEXT = 256 << 10
const LONGEST_LINE = 1024
const DEEPEST = 4
const MOST_ARCHIVES = 4096
const MOST_PACKAGES = 20_000
const MOST_UNPACKED = 192 << 20

export const jarExtractor: ContentExtractor = {
  id: 'jar/1',
  accepts: (path, size) => size >= 22 && ARCHIVE.test(path),
  ranges: (size, head) => (BEGINNINGS.has(Buffer.from(head.subarray(0, 2)).toString('latin1')) ? held(size) : []),
  extract(path, content) {
    const found: Found = { packages: [], archives: 0, unpacked: 0, unread: undefined }
    look(found, content, path, '', 0)
    return encodeContents(found.unread === undefined ? { packages: found.packages } : { packages: found.packages, unread: found.unread })
  },
}

function held(size: number): readonly ByteRange[] {
  if (size <= MOST_HELD) return [{ offset: 0, length: size }]
  const end = MOST_HELD - BEGINNING
  return [
    { offset: 0, length: BEGINNING },
    { offset: size - end, length: end },
  ]
}

interface Found {
  readonly packages: InstalledPackage[]
  archives: number
  unpacked: number
  unread: string | undefined
}

/** `inside` is the way from the outermost archive to this one: `!/BOOT-INF/lib/x.jar`. */
function look(found: Found, content: ContentByPosition, path: string, inside: string, depth: number): void {
  found.archives++
  const entries = reading(found, () => readEntries(content, isOfInterest)) ?? []
  const texts = entries.filter(({ name }) => POM.test(name))
  const packages = texts.flatMap(entry => reading(found, () => pomPackage(text(found, content, entry), inside)) ?? [])
  if (packages.length === 0) {
    const manifest = entries.find(({ name }) => name === MANIFEST)
    const identity = manifest === undefined ? undefined : reading(found, () => manifestIdentity(text(found, content, manifest), path))
    if (identity !== undefined) packages.push(packageOf(identity, inside))
  }
  for (const item of packages) {
    if (found.packages.length >= MOST_PACKAGES) found.unread = 'it holds more packages than Suture reads'
    else found.packages.push(packages.length === 1 ? item : { ...item, inside: `${inside}#${item.name}` })
  }
  for (const entry of entries) {
    if (!ARCHIVE.test(entry.name)) continue
    if (depth >= DEEPEST || found.archives >= MOST_ARCHIVES) found.unread = 'it holds archives deeper or more than Suture reads'
    else {
      const bytes = reading(found, () => unpacked(found, content, entry, MOST_UNPACKED))
      if (bytes !== undefined) look(found, contentOf(bytes), entry.name, `${inside}!/${entry.name.slice(0, 512)}`, depth + 1)
    }
  }
}

function isOfInterest(name: Buffer): boolean {
  const first = name[0]
  if (first === 0x4d && name.length < 512) {
    const shown = name.toString('latin1')
    if (shown === MANIFEST || POM.test(shown)) return true
  }
  return name.length > 4 && name[name.length - 4] === 0x2e && ARCHIVE.test(name.toString('latin1', name.length - 4))
}

function text(found: Found, content: ContentByPosition, entry: ZipEntry): string {
  return unpacked(found, content, entry, LARGEST_TEXT).toString('utf8')
}

function unpacked(found: Found, content: ContentByPosition, entry: ZipEntry, most: number): Buffer {
  // Stored entries cost nothing but their checksum; that, too, is work that overlapping entries could ask for over and over.
  found.unpacked += Math.min(entry.size, most + 1)
  if (found.unpacked > MOST_UNPACKED) throw new UnreadableZip('its archives hold more bytes than Suture unpacks')
  return readEntry(content, entry, most)
}

function reading<Value>(found: Found, read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UnreadableZip)) throw error
    found.unread ??= error.message
    return undefined
  }
}

function contentOf(bytes: Buffer): ContentByPosition {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

function pomPackage(properties: string, inside: string): InstalledPackage[] {
  const values = new Map<string, string>()
  for (const line of properties.split('\n')) {
    if (line.length > LONGEST_LINE) continue
    const [, key, value = ''] = /^(groupId|artifactId|version)[ \t]*[=:](.*)$/.exec(line.trim()) ?? []
    if (key !== undefined) values.set(key, value.trim().replace(/\\([:=# ])/g, '$1'))
  }
  const [group, artifact, version] = [values.get('groupId'), values.get('artifactId'), values.get('version')]
  if (!isName(group) || !isName(artifact) || !isVersion(version)) return []
  return [packageOf({ group, artifact, version }, inside)]
}

function packageOf({ group, artifact, version }: ManifestIdentity, inside: string): InstalledPackage {
  return { ecosystem: 'Maven', name: group === undefined ? artifact : `${group}:${artifact}`, version, inside, published: true }
}

/** What Maven allows in group and artifact ids. */
function isName(name: unknown): name is string {
  return isPlain(name) && /^[\w.-]+$/.test(name)
}

/** `${project.version}` is what a build leaves that was never filtered. */
function isVersion(version: unknown): version is string {
  return isPlain(version) && !version.includes('${')
}
