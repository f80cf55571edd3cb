/**
 * The keys that a repository's signature may be made by. A source names its keyring; one that names none trusts what apt trusts. Those of
 * the image are asked first; where they have no usable key, those of the machine, which the result then says.
 */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ImageFiles } from '../../../model/image.ts'
import type { AptSource, SourceOrigin } from './source.ts'

export interface KeyringFile {
  /** Where it is, as a person would look for it. */
  readonly path: string
  readonly from: SourceOrigin
  readonly bytes: Uint8Array
}

/** Port: keyrings for one source, the closest first; each further set is read only where the one before did not do. */
export interface Keyrings {
  sets(source: AptSource): AsyncIterable<readonly KeyringFile[]>
}

export interface KeyringPlaces {
  readonly files: ImageFiles
  /** The machine's `/etc/apt`, and folders with keyrings of distributions, such as `/usr/share/keyrings`. */
  readonly machineFolder: string
  readonly machineKeyrings: readonly string[]
}

const LARGEST = 4 * 1024 * 1024
const MOST_FILES = 200
const KEYRING = /\.(gpg|asc|pgp)$/
const APT_TRUSTS = 'trusted.gpg.d'
/** Folders of keyrings also hold those of other vendors, which apt trusts only where a source names them. */
const DISTRIBUTION = /^(debian|ubuntu|debian-ports|raspbian|raspberrypi)-.*\.(gpg|asc|pgp)$/

export function openKeyrings(places: KeyringPlaces): Keyrings {
  return {
    async *sets(source) {
      const { signedBy, origin } = source
      if (signedBy?.inline !== undefined) {
        yield [{ path: `${source.from}, Signed-By`, from: origin, bytes: Buffer.from(signedBy.inline) }]
        return
      }
      const named = signedBy?.keyrings ?? []
      if (named.length > 0) {
        if (origin === 'image')
          yield await fromImage(
            places.files,
            named.map(path => path.slice(1)),
          )
        // A keyring of the same name on the machine is the same distribution's, only newer.
        const machinePaths =
          origin === 'image' ? named.flatMap(path => places.machineKeyrings.map(folder => join(folder, basename(path)))) : named
        yield await fromMachine(machinePaths, origin === 'asked' ? 'asked' : 'machine')
        return
      }
      yield await fromImage(places.files, [
        'etc/apt/trusted.gpg',
        ...imageKeyrings(places.files, `etc/apt/${APT_TRUSTS}`, KEYRING),
        ...imageKeyrings(places.files, 'usr/share/keyrings', DISTRIBUTION),
      ])
      yield await fromMachine(await machineKeyrings(places), 'machine')
    },
  }
}

function imageKeyrings(files: ImageFiles, folder: string, wanted: RegExp): string[] {
  const place = files.follow(folder)?.path
  if (place === undefined) return []
  return files
    .children(place)
    .filter(name => wanted.test(name))
    .map(name => `${folder}/${name}`)
}

async function fromImage(files: ImageFiles, paths: readonly string[]): Promise<KeyringFile[]> {
  const found = paths.slice(0, MOST_FILES).flatMap(path => {
    const file = files.follow(path)
    return file?.type === 'file' && file.size <= LARGEST && isNoRemovedKey(path) ? [{ path, place: file.path }] : []
  })
  const bytes = await files.read(found.map(({ place }) => place))
  return found.flatMap(({ path, place }) => {
    const content = bytes.get(place)
    return content === undefined ? [] : [{ path: `/${path}`, from: 'image' as const, bytes: content }]
  })
}

async function machineKeyrings({ machineFolder, machineKeyrings }: KeyringPlaces): Promise<string[]> {
  const paths = [join(machineFolder, 'trusted.gpg')]
  const folders: readonly (readonly [string, RegExp])[] = [
    [join(machineFolder, APT_TRUSTS), KEYRING],
    ...machineKeyrings.map(folder => [folder, DISTRIBUTION] as const),
  ]
  for (const [folder, wanted] of folders)
    paths.push(...(await namesIn(folder)).filter(name => wanted.test(name)).map(name => join(folder, name)))
  return paths
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch {
    // A machine without Debian's keyrings has none to offer.
    return []
  }
}

async function fromMachine(paths: readonly string[], from: SourceOrigin): Promise<KeyringFile[]> {
  const found: KeyringFile[] = []
  for (const path of paths.slice(0, MOST_FILES)) {
    if (!isNoRemovedKey(path)) continue
    try {
      const bytes = await readFile(path)
      if (bytes.length <= LARGEST) found.push({ path, from, bytes })
    } catch {
      // What is not there or may not be read holds no key; the fault, if it comes to one, says that a key is missing.
    }
  }
  return found
}

/** Keyrings also come with keys that are no longer to be trusted, in a file that says so. */
function isNoRemovedKey(path: string): boolean {
  return !path.includes('removed-keys')
}
