/** One package on its way from the version that is installed to another one: both sides read, every path with its place in the image. */
import { Fault } from '../../../model/faults.ts'
import type { ImageFiles } from '../../../model/image.ts'
import { printable } from '../../../text/printable.ts'
import { type DebArchive, type DebFile, readDeb } from '../archive-file/read-deb.ts'
import { fieldValue, readStanza, type Stanza, stanzaSpans } from '../control.ts'
import { type Diversion, readFileList } from '../dpkg-files.ts'
import { divert } from '../ownership.ts'
import { type InstalledPackage, type OfferedPackage, packageKey } from '../package.ts'

/** A package to install (`from` absent) or to replace. */
export interface PackageUpgrade {
  readonly from?: InstalledPackage
  readonly to: OfferedPackage
  /** The archive, its digest checked already. */
  readonly deb: Uint8Array
}

export interface ChangingPackage extends PackageUpgrade {
  /** `name:architecture` as it will be installed. */
  readonly key: string
  readonly archive: DebArchive
  readonly control: Stanza
  /** Paths of conffiles without leading `/`, in the archive's order. */
  readonly conffiles: ReadonlyMap<string, { readonly removeOnUpgrade: boolean }>
  /** Where each path of the archive goes in the image; those that dpkg's configuration leaves out are absent. */
  readonly places: ReadonlyMap<string, string>
  /** What the version before has, as its list says, folders too. */
  readonly listed: readonly string[]
  /** The newest time in the archive: what a file made from it is dated with. Seconds since the epoch. */
  readonly newest: number
}

export interface Surroundings {
  readonly files: ImageFiles
  readonly diversions: ReadonlyMap<string, Diversion>
  readonly leftOut: (path: string, folder: boolean) => boolean
}

/** Throws `deb-invalid` where the archive is none, or not that of the package it should be. */
export async function readChange(
  upgrade: PackageUpgrade,
  listed: readonly string[],
  { files, diversions, leftOut }: Surroundings,
): Promise<ChangingPackage> {
  const { to, from } = upgrade
  const key = packageKey(to)
  const about = `${to.name}_${to.version}_${to.architecture}.deb`
  const invalid = (what: string) => new Fault('deb-invalid', printable(`${about} ${what}`))
  const archive = await readDeb(upgrade.deb, about)
  const [span, second] = stanzaSpans(archive.control, invalid)
  if (span === undefined || second !== undefined) throw invalid('has a control file that is not one stanza')
  const control = readStanza(archive.control, span, invalid)
  for (const [field, expected] of [
    ['Package', to.name],
    ['Version', to.version],
    ['Architecture', to.architecture],
  ] as const) {
    if (fieldValue(control, field) !== expected) throw invalid(`says another ${field.toLowerCase()} than the index`)
  }
  if (from !== undefined && from.name !== to.name) throw invalid('is of another package than the one it replaces')
  const places = new Map<string, string>()
  for (const { path, type } of archive.files) {
    if (path === '' || leftOut(path, type === 'directory')) continue
    const place = files.canonical(divert(path, to.name, diversions))
    if (place === undefined) throw invalid(`has a path that leads round in circles in the image: ${path.slice(0, 120)}`)
    places.set(path, place)
  }
  return {
    ...upgrade,
    key,
    archive,
    control,
    conffiles: readConffiles(archive, invalid),
    places,
    listed,
    newest: archive.files.reduce((newest, { mtime }) => Math.max(newest, mtime), 0),
  }
}

/** Text of a control file, empty where the archive has none of that name. */
export function controlText({ archive }: Pick<ChangingPackage, 'archive'>, name: string): string {
  return Buffer.from(archive.controlFiles.get(name)?.content ?? []).toString('utf8')
}

/** The path in the archive → its file, hard links with the content of what they link to. */
export function withContents(archive: DebArchive): { readonly file: DebFile; readonly content: Uint8Array; readonly first: string }[] {
  const contents = new Map<string, { readonly content: Uint8Array; readonly first: string }>()
  return archive.files.map(file => {
    const linked = file.type === 'hardlink' ? contents.get(file.target ?? '') : undefined
    const found = linked ?? { content: file.content, first: file.path }
    contents.set(file.path, found)
    return { file, ...found }
  })
}

/** Leads out, hides another file were a layer to have it, or is more than a line. */
const CAN_BE_NONE = /\/(?:\.{0,2}|\.wh\.[^/]*)(?:\/|$)|[\0-\u001f\u007f]/

/** `conffiles`: an absolute path a line, `remove-on-upgrade` before it where the package gives it up (deb-conffiles(5)). */
function readConffiles(archive: DebArchive, invalid: (what: string) => Fault): Map<string, { readonly removeOnUpgrade: boolean }> {
  const conffiles = new Map<string, { readonly removeOnUpgrade: boolean }>()
  for (const line of controlText({ archive }, 'conffiles').split('\n')) {
    if (line.trim() === '') continue
    const [, flag, absolute = ''] = /^(remove-on-upgrade\s+)?(\/\S.*?)\s*$/.exec(line) ?? []
    const [path] = absolute === '' || CAN_BE_NONE.test(absolute) ? [] : readFileList(absolute, 'conffiles')
    if (path === undefined) throw invalid(`has a conffile that cannot be read: ${line.slice(0, 120)}`)
    conffiles.set(path, { removeOnUpgrade: flag !== undefined })
  }
  return conffiles
}
