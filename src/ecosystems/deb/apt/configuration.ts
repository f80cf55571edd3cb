/**
 * Everything that says where an image's packages come from and whom to trust for them: what a person asked for, the image's own apt
 * configuration, and, where the image has none, that of the machine.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../../model/faults.ts'
import type { ImageFiles } from '../../../model/image.ts'
import { decodeControl } from '../control.ts'
import type { OsRelease } from '../os-release.ts'
import { type AptSettings, isOff, readAptConf } from './apt-conf.ts'
import { type Login, readLogins } from './credentials.ts'
import { type Preferences, readPreferences } from './preferences.ts'
import { type AptSource, readAskedSource, readSourceFile, type SourceFile, type SourceOrigin } from './source.ts'

export interface AptConfiguration {
  readonly sources: readonly AptSource[]
  readonly settings: AptSettings
  readonly logins: readonly Login[]
  readonly preferences: Preferences
  /** What a person should know about where this came from. */
  readonly notes: readonly string[]
}

export interface ConfigurationRequest {
  readonly files: ImageFiles
  readonly release: OsRelease
  /** `--source`, each one line or one stanza: with any, no other source is used. */
  readonly asked: readonly string[]
  /** The same from `suture.yaml`, for an image without sources of its own. */
  readonly otherwise?: readonly string[]
  /** The machine's own configuration: `/etc/apt`. */
  readonly machineFolder: string
  /** Sources that want no signature are used. */
  readonly acceptUnsigned?: boolean
}

const LARGEST_FILE = 4 * 1024 * 1024

/** Throws `apt-sources-missing`, `apt-sources-invalid`, or `apt-signature-invalid` for a source that wants no signature. */
export async function readAptConfiguration(request: ConfigurationRequest): Promise<AptConfiguration> {
  const { files, release, asked } = request
  const image = await filesOfImage(files)
  const machine = await filesOfMachine(request.machineFolder)
  const settings = readAptConf([...confsOf(machine), ...confsOf(image)])
  const logins = [...loginsOf(image), ...loginsOf(machine)]
  const notes: string[] = []
  let sources = asked.flatMap(readAskedSource)
  if (sources.length === 0) sources = sourcesOf(image, 'image')
  if (sources.length === 0) {
    sources = (request.otherwise ?? []).flatMap(readAskedSource)
    if (sources.length > 0) notes.push('The image names no apt source: those of suture.yaml are used.')
  }
  if (sources.length === 0) {
    const all = sourcesOf(machine, 'machine')
    sources = all.filter(source => belongsTo(source.suite, release))
    if (sources.length > 0)
      notes.push(
        `The image names no apt source: those of this machine for ${release.codename ?? release.name} are used (${request.machineFolder}).`,
      )
    else throw missing(release, all)
  }
  const unsigned = sources.find(({ trusted }) => trusted)
  if (unsigned !== undefined && request.acceptUnsigned !== true) {
    throw new Fault(
      'apt-signature-invalid',
      `${unsigned.from} marks ${unsigned.uri} ${unsigned.suite} as trusted without a signature, which Suture does not do`,
      {
        hint: 'Remove trusted=yes and name the keyring with signed-by.',
      },
    )
  }
  // What one machine does without says nothing of another's sources.
  const own = { image: readAptConf(confsOf(image)), machine: readAptConf(confsOf(machine)) }
  const isChecked = ({ origin }: AptSource) => !isOff((origin === 'image' ? own.image : own.machine).get('acquire::check-valid-until'))
  const checked = sources.map(source => ({ ...source, checkValidUntil: source.checkValidUntil && isChecked(source) }))
  const preferences = preferencesOf(image)
  for (const path of preferences.passedOver) notes.push(`${path} pins by regular expressions; those pins are not followed.`)
  return { sources: checked, settings, logins, preferences, notes }
}

function missing(release: OsRelease, all: readonly AptSource[]): Fault {
  const known = all.length > 0 ? `, and none of this machine’s ${all.length} is for it` : ''
  return new Fault('apt-sources-missing', `The image (${release.name}) names no apt source${known}`)
}

/** A suite of this release: its codename, or that with an ending. */
function belongsTo(suite: string, { codename }: OsRelease): boolean {
  return codename !== undefined && (suite === codename || suite.startsWith(`${codename}-`) || suite.startsWith(`${codename}/`))
}

/** Path below `etc/apt` → text. */
type ConfigurationFiles = ReadonlyMap<string, string>

/** Names that apt itself reads: nothing else may be in them. */
const WANTED =
  /^(sources\.list|sources\.list\.d\/[\w.-]+\.(list|sources)|apt\.conf|apt\.conf\.d\/[\w.-]+|auth\.conf|auth\.conf\.d\/[\w.-]+\.conf|preferences|preferences\.d\/[\w-]+(\.pref)?)$/
const FOLDERS = ['', 'sources.list.d/', 'apt.conf.d/', 'auth.conf.d/', 'preferences.d/']

async function filesOfImage(files: ImageFiles): Promise<ConfigurationFiles> {
  const found = FOLDERS.flatMap(folder => {
    const place = files.follow(`etc/apt/${folder}`.replace(/\/$/, ''))?.path
    return (place === undefined ? [] : files.children(place)).map(name => folder + name)
  })
    .filter(name => WANTED.test(name))
    .flatMap(name => {
      const file = files.follow(`etc/apt/${name}`)
      if (file?.type !== 'file') return []
      if (file.size > LARGEST_FILE)
        throw new Fault('apt-sources-invalid', `/etc/apt/${name} in the image is larger than ${LARGEST_FILE} bytes`)
      return [{ name, path: file.path }]
    })
  const bytes = await files.read(found.map(({ path }) => path))
  return new Map(found.map(({ name, path }) => [name, decodeControl(bytes.get(path) ?? new Uint8Array()).text]))
}

async function filesOfMachine(root: string): Promise<ConfigurationFiles> {
  const found = new Map<string, string>()
  for (const folder of FOLDERS) {
    for (const name of await namesIn(join(root, folder))) {
      if (WANTED.test(folder + name)) found.set(folder + name, await readable(join(root, folder, name)))
    }
  }
  return found
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch {
    // A machine without apt has no such folder: it simply says nothing.
    return []
  }
}

/** Files that this user may not read, such as passwords of others, say nothing. */
async function readable(path: string): Promise<string> {
  try {
    const bytes = await readFile(path)
    return bytes.length > LARGEST_FILE ? '' : decodeControl(bytes).text
  } catch {
    return ''
  }
}

function sourcesOf(found: ConfigurationFiles, origin: SourceOrigin): AptSource[] {
  const prefix = origin === 'image' ? 'etc/apt/' : '/etc/apt/'
  return [...found]
    .filter(([name]) => name.startsWith('sources.list'))
    .flatMap(([name, text]) => readSourceFile({ path: prefix + name, text, origin } satisfies SourceFile))
}

function preferencesOf(found: ConfigurationFiles): Preferences {
  const files = [...found].filter(([name]) => name.startsWith('preferences'))
  return readPreferences(files.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => ({ path: `etc/apt/${name}`, text })))
}

function confsOf(found: ConfigurationFiles): string[] {
  const order = (name: string): string => (name === 'apt.conf' ? '1' : `0${name}`)
  return [...found]
    .filter(([name]) => name.startsWith('apt.conf'))
    .sort(([a], [b]) => (order(a) < order(b) ? -1 : 1))
    .map(([, text]) => text)
}

function loginsOf(found: ConfigurationFiles): Login[] {
  return [...found].filter(([name]) => name.startsWith('auth.conf')).flatMap(([, text]) => readLogins(text))
}
