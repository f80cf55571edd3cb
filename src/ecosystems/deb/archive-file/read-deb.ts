/**
 * A .deb in memory: its control files and the files that it installs, every one checked before it is given out. Source: deb(5).
 * What could lead out of its place is a fault: absolute paths, `..`, links that climb above the root, files below a link or a file of
 * the same archive, devices, and names that mean something else in an image layer.
 */
import { Fault } from '../../../model/faults.ts'
import { TAR_LIMITS } from '../../../tar/entries.ts'
import { readTar } from '../../../tar/read-tar.ts'
import { printable } from '../../../text/printable.ts'
import { readAr } from './ar.ts'
import { debFaults } from './deb-faults.ts'
import { COMPRESSIONS, decompress } from './decompress.ts'
import { type DebFile, installedFiles } from './installed-files.ts'

export type { DebFile } from './installed-files.ts'

export interface DebArchive {
  /** The text of `control`: one stanza. */
  readonly control: string
  /** The other files of control.tar by name (`md5sums`, `conffiles`, `postinst`, …). */
  readonly controlFiles: ReadonlyMap<string, { readonly content: Uint8Array; readonly mode: number; readonly mtime: number }>
  /** In the archive's order, the root (`path` empty) included where the archive has it. */
  readonly files: readonly DebFile[]
}

const LARGEST_CONTROL = 64 * 1024 * 1024
const LARGEST_DATA = 1024 * 1024 * 1024

/** Reads a .deb. `about` names it in faults, which have the code `deb-invalid`. */
export async function readDeb(bytes: Uint8Array, about: string): Promise<DebArchive> {
  const invalid = (what: string, cause?: unknown) =>
    new Fault('deb-invalid', printable(`${about} ${what}`), cause === undefined ? {} : { cause })
  const members = readAr(bytes, invalid)
  const [first, ...rest] = members
  if (first?.name !== 'debian-binary') throw invalid('is no Debian package')
  if (!/^2\.\d{1,3}\n/.test(Buffer.from(first.content.subarray(0, 16)).toString('latin1'))) throw invalid('has an unknown format version')
  const known = rest.filter(({ name }) => !name.startsWith('_'))
  const [control, data, more] = known
  if (more !== undefined) throw invalid(`has a member too many: ${more.name}`)
  const unpack = async (member: typeof control, stem: string, limit: number): Promise<Buffer> => {
    const compression = COMPRESSIONS.find(ending => member?.name === `${stem}${ending}`)
    if (member === undefined || compression === undefined)
      throw invalid(`has no ${stem} where it must be, or one compressed in an unknown way`)
    return decompress(member.content, compression, limit, (what, cause) => invalid(`has a ${member.name} that ${what}`, cause))
  }
  const files = controlFilesOf(await unpack(control, 'control.tar', LARGEST_CONTROL), what => invalid(`has a control.tar that ${what}`))
  const stanza = files.get('control')
  if (stanza === undefined) throw invalid('has no control file')
  files.delete('control')
  return {
    control: Buffer.from(stanza.content).toString('utf8'),
    controlFiles: files,
    files: installedFiles(await unpack(data, 'data.tar', LARGEST_DATA), what => invalid(`has a data.tar that ${what}`)),
  }
}

function controlFilesOf(tar: Buffer, invalid: (what: string) => Error) {
  const files = new Map<string, { content: Uint8Array; mode: number; mtime: number }>()
  for (const { entry, content } of readTar(tar, debFaults(invalid), { ...TAR_LIMITS, entries: 1000 })) {
    const name = entry.path
    if (entry.type === 'directory' && name === '') continue
    if (entry.type !== 'file') throw invalid('holds something else than files')
    // dpkg stores them as info/<package>.<name>; `list` is its own.
    if (!/^[a-z][a-z0-9-]{0,60}$/.test(name) || name === 'list') throw invalid('holds a file whose name can be none')
    if (files.has(name)) throw invalid(`holds ${name} twice`)
    files.set(name, { content, mode: entry.mode, mtime: entry.mtime })
  }
  return files
}
