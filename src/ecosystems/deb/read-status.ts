/**
 * dpkg's database as it lies in an image: `var/lib/dpkg/status`, or one file a package under `status.d` (images without dpkg). Only
 * what is installed counts as a package; what is half there is told apart. Sources: dpkg(1), dpkg-query(1), deb-conffiles(5).
 */
import { Fault } from '../../model/faults.ts'
import type { ImageFiles } from '../../model/image.ts'
import { type ControlText, decodeControl, fieldValue, type Invalid, readStanzas, type Stanza } from './control.ts'
import { type Diversion, readDiversions, readStatOverrides, type StatOverride } from './dpkg-files.ts'
import { type InstalledPackage, packageKey } from './package.ts'
import { ARCHITECTURE, readPackage } from './read-package.ts'

export const DPKG = 'var/lib/dpkg'
const STATUS_D = `${DPKG}/status.d`
const MOST_PACKAGES = 100_000

/** A package whose record says that it is neither wholly there nor wholly gone. */
export interface UnfinishedPackage {
  readonly name: string
  readonly architecture: string
  readonly state: string
}

export interface DpkgDatabase {
  /** The image's own architecture, and those it may have packages of besides. */
  readonly native: string
  readonly foreign: readonly string[]
  /** Sorted by name and architecture. */
  readonly packages: readonly InstalledPackage[]
  /** By `name:architecture`. */
  readonly byKey: ReadonlyMap<string, InstalledPackage>
  readonly unfinished: readonly UnfinishedPackage[]
  /** Names of all that there is a record of, whatever its state. */
  readonly recorded: ReadonlySet<string>
  /** Keys of packages whose `Status` wants them held. */
  readonly held: ReadonlySet<string>
  /** Keys of packages that apt brought for others; empty where apt keeps no such record. */
  readonly automatic: ReadonlySet<string>
  /** Path → text of every file that holds a stanza. */
  readonly texts: ReadonlyMap<string, ControlText>
  readonly diversions: readonly Diversion[]
  readonly statOverrides: readonly StatOverride[]
}

/** Reads the database; undefined where the image has none. Throws `dpkg-status-invalid`. */
export async function readDpkg(files: ImageFiles): Promise<DpkgDatabase | undefined> {
  const status = files.follow(`${DPKG}/status`)
  const records = files
    .children(files.follow(STATUS_D)?.path ?? STATUS_D)
    .filter(name => !name.endsWith('.md5sums'))
    .flatMap(name => files.follow(`${STATUS_D}/${name}`) ?? [])
    .filter(({ type }) => type === 'file')
  if (status?.type !== 'file' && records.length === 0) return undefined
  const others = ['arch', 'diversions', 'statoverride'].map(name => files.follow(`${DPKG}/${name}`))
  const extended = files.follow('var/lib/apt/extended_states')
  const wanted = [status, extended, ...others, ...records].flatMap(file => file?.path ?? [])
  const bytes = await files.read(wanted)
  const text = (path: string | undefined): string => (path === undefined ? '' : decodeControl(bytes.get(path) ?? new Uint8Array()).text)

  const found = new Found(files)
  for (const file of [status, ...records]) {
    if (file?.type === 'file') found.read(file.path, decodeControl(bytes.get(file.path) ?? new Uint8Array()), file.layer)
  }
  const packages = [...found.packages.values()].sort((a, b) => (packageKey(a) < packageKey(b) ? -1 : 1))
  const [native, ...foreign] = architecturesOf(text(others[0]?.path), packages)
  return {
    native,
    foreign,
    packages,
    byKey: new Map(packages.map(item => [packageKey(item), item])),
    unfinished: found.unfinished,
    recorded: found.names,
    held: new Set(packages.filter(({ status }) => status?.want === 'hold').map(packageKey)),
    automatic: automaticOf(text(extended?.path)),
    texts: found.texts,
    diversions: readDiversions(text(others[1]?.path)),
    statOverrides: readStatOverrides(text(others[2]?.path)),
  }
}

/** The packages of one database while it is being read. */
class Found {
  readonly packages = new Map<string, InstalledPackage>()
  readonly unfinished: UnfinishedPackage[] = []
  readonly names = new Set<string>()
  readonly texts = new Map<string, ControlText>()
  readonly #seen = new Set<string>()
  readonly #files: ImageFiles

  constructor(files: ImageFiles) {
    this.#files = files
  }

  read(path: string, control: ControlText, layer: number): void {
    const invalid: Invalid = what => new Fault('dpkg-status-invalid', `${path} ${what}`)
    this.texts.set(path, control)
    for (const stanza of readStanzas(control.text, invalid)) this.#add(control.text, stanza, path, layer, invalid)
  }

  #add(text: string, stanza: Stanza, path: string, layer: number, invalid: Invalid): void {
    const status = statusOf(fieldValue(stanza, 'Status'), invalid)
    const [name, architecture] = [fieldValue(stanza, 'Package') ?? '', fieldValue(stanza, 'Architecture') ?? '']
    const key = packageKey({ name, architecture })
    if (this.#seen.has(key)) throw invalid(`has ${JSON.stringify(key.slice(0, 80))} twice`)
    if (this.#seen.size >= MOST_PACKAGES) throw invalid(`has more than ${MOST_PACKAGES} packages`)
    this.#seen.add(key)
    if (status?.state !== 'not-installed') this.names.add(name)
    if (status !== undefined && status.state !== 'installed') {
      if (status.state !== 'not-installed' && status.state !== 'config-files')
        this.unfinished.push({ name, architecture, state: status.state })
      return
    }
    const item = readPackage(text, stanza, invalid)
    this.packages.set(key, {
      ...item,
      ...(status !== undefined && { status }),
      file: path,
      start: stanza.start,
      end: stanza.end,
      conffiles: conffilesOf(fieldValue(stanza, 'Conffiles'), invalid),
      // dpkg writes the list of files anew with every version, and the status as a whole with every change of anything.
      layer: infoFile(this.#files, item, 'list')?.layer ?? layer,
    })
  }
}

/** A package's file under `info/`: only packages that may stand beside themselves have the architecture in the name. */
export function infoFile(files: ImageFiles, item: Pick<InstalledPackage, 'name' | 'architecture'>, kind: string) {
  return files.follow(`${DPKG}/info/${packageKey(item)}.${kind}`) ?? files.follow(`${DPKG}/info/${item.name}.${kind}`)
}

function statusOf(text: string | undefined, invalid: Invalid): InstalledPackage['status'] {
  if (text === undefined) return undefined
  const [want, flag, state, more] = text.split(/\s+/)
  if (want === undefined || flag === undefined || state === undefined || more !== undefined)
    throw invalid(`has a Status that can be none: ${text.slice(0, 80)}`)
  return { want, flag, state }
}

/** Lines ` /path md5 [flags]`; a path may hold spaces. */
function conffilesOf(text: string | undefined, invalid: Invalid): InstalledPackage['conffiles'] {
  if (text === undefined) return []
  return text.split('\n').flatMap(line => {
    if (line.trim() === '') return []
    const match = /^\s*(\/.+?)\s+([0-9a-f]{32}|newconffile)((?:\s+(?:obsolete|remove-on-upgrade))*)\s*$/.exec(line)
    if (match === null || /\/(?:\.{0,2}|\.wh\.[^/]*)(?:\/|$)/.test(match[1] ?? ''))
      throw invalid(`has a conffile that cannot be read: ${line.slice(0, 120)}`)
    const [, path = '', md5 = '', flags = ''] = match
    return [{ path, md5, obsolete: flags.includes('obsolete'), removeOnUpgrade: flags.includes('remove-on-upgrade') }]
  })
}

/** dpkg notes its architecture once there is a foreign one; else that of its own package, or of most packages. */
function architecturesOf(arch: string, packages: readonly InstalledPackage[]): readonly [string, ...string[]] {
  const [native, ...foreign] = arch.split('\n').flatMap(line => line.trim() || [])
  const odd = [native ?? 'all', ...foreign].find(name => !ARCHITECTURE.test(name))
  if (odd !== undefined)
    throw new Fault('dpkg-status-invalid', `${DPKG}/arch names an architecture that can be none: ${JSON.stringify(odd.slice(0, 80))}`)
  if (native !== undefined) return [native, ...foreign]
  const counts = new Map<string, number>()
  for (const { name, architecture } of packages) {
    if (architecture === 'all') continue
    if (name === 'dpkg') return [architecture]
    counts.set(architecture, (counts.get(architecture) ?? 0) + 1)
  }
  return [[...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0] ?? 'all']
}

function automaticOf(text: string): ReadonlySet<string> {
  const invalid: Invalid = what => new Fault('dpkg-status-invalid', `var/lib/apt/extended_states ${what}`)
  return new Set(
    [...readStanzas(text, invalid)]
      .filter(stanza => fieldValue(stanza, 'Auto-Installed') === '1')
      .map(stanza => packageKey({ name: fieldValue(stanza, 'Package') ?? '', architecture: fieldValue(stanza, 'Architecture') ?? '' })),
  )
}
