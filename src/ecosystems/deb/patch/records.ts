/**
 * The packages' records: stanzas of `status` replaced in place, new ones put in by name; files of `status.d` written anew under the name
 * the image has for them; apt's note of what was installed for others. Nothing else of these files changes.
 */
import { Fault } from '../../../model/faults.ts'
import type { ImageFiles } from '../../../model/image.ts'
import { type ControlText, readStanza } from '../control.ts'
import { DPKG, type DpkgDatabase } from '../read-status.ts'
import type { ChangingPackage } from './changing-package.ts'
import { comparePaths, type LayerBuilder } from './layer-builder.ts'
import { type RecordedConffile, statusStanza } from './status-stanza.ts'

const FACTS = { mode: 0o644, uid: 0, gid: 0 }

export interface ChangedRecord {
  readonly change: ChangingPackage
  readonly conffiles: readonly RecordedConffile[]
}

export interface Recording {
  readonly files: ImageFiles
  readonly builder: LayerBuilder
  readonly database: DpkgDatabase
}

/** True where packages are recorded one file each, without dpkg. */
export function isStatusFolder(file: string): boolean {
  return file.includes('/status.d/')
}

/** Writes every record, and gives out where each is. */
export async function writeRecords(records: readonly ChangedRecord[], recording: Recording): Promise<ReadonlyMap<string, string>> {
  const { builder, database, files } = recording
  const places = new Map<string, string>()
  const inStatus: { readonly record: ChangedRecord; readonly file: string }[] = []
  const status = files.follow(`${DPKG}/status`)?.path
  for (const record of records) {
    const { change } = record
    const file = change.from?.file ?? status ?? newRecordFile(change, database)
    places.set(change.key, file)
    if (!isStatusFolder(file)) inStatus.push({ record, file })
    else
      await builder.write(
        file,
        encode(`${folderStanza(change)}\n`, database.texts.get(file)),
        { ...FACTS, mtime: change.newest },
        originOf(change),
      )
  }
  for (const file of new Set(inStatus.map(item => item.file))) {
    const own = inStatus.filter(item => item.file === file).map(({ record }) => record)
    const text = database.texts.get(file)
    if (text === undefined) throw new Fault('dpkg-status-invalid', `${file} was not read`)
    const content = encode(spliceStanzas(text.text, own), text)
    const newest = Math.max(...own.map(({ change }) => change.newest))
    const [first] = own
    if (first !== undefined) await builder.write(file, content, { ...FACTS, mtime: newest }, originOf(first.change))
  }
  return places
}

function originOf(change: ChangingPackage) {
  return { package: change.key, because: 'database' } as const
}

function encode(text: string, before: ControlText | undefined): Uint8Array {
  return Buffer.from(text, before?.encoding ?? 'utf8')
}

/** Images without dpkg name a package's file after the package. */
function newRecordFile({ to }: ChangingPackage, database: DpkgDatabase): string {
  const [some] = database.packages
  if (some === undefined || !isStatusFolder(some.file)) return `${DPKG}/status`
  return `${some.file.slice(0, some.file.lastIndexOf('/'))}/${to.name}`
}

/** As the builders of such images leave it: the archive's control file as it is. */
function folderStanza({ archive, control }: ChangingPackage): string {
  return archive.control.slice(control.start, control.end)
}

function spliceStanzas(text: string, records: readonly ChangedRecord[]): string {
  const parts: { readonly start: number; readonly end: number; readonly insert: string }[] = []
  const invalid = (what: string) => new Fault('dpkg-status-invalid', `status ${what}`)
  for (const { change, conffiles } of records) {
    const { from, archive, control } = change
    const before = from === undefined ? undefined : { text, stanza: readStanza(text, { start: from.start, end: from.end }, invalid) }
    const want = from?.status?.want ?? 'install'
    const stanza = statusStanza(archive.control, control, want, conffiles, before)
    if (from !== undefined) parts.push({ start: from.start, end: from.end, insert: stanza })
    else {
      const at = insertionPoint(text, change)
      parts.push({ start: at, end: at, insert: `${at === text.length && text !== '' && !text.endsWith('\n\n') ? '\n' : ''}${stanza}\n\n` })
    }
  }
  // New stanzas at one point come in the order of their names.
  parts.sort((a, b) => a.start - b.start || comparePaths(a.insert, b.insert))
  let [result, at] = ['', 0]
  for (const { start, end, insert } of parts) {
    result += text.slice(at, start) + insert
    at = end
  }
  return result + text.slice(at)
}

/** dpkg keeps the file in the order of names. */
function insertionPoint(text: string, { to }: ChangingPackage): number {
  for (const match of text.matchAll(/(?:^|\n\n)Package: (\S+)\n/g)) {
    if (comparePaths(match[1] ?? '', to.name) > 0) return match.index + (match[0].startsWith('\n') ? 2 : 0)
  }
  return text.length
}

/** Packages that come because others need them are noted as apt notes them, so that it may take them away again. */
export async function noteAutomatic(changes: readonly ChangingPackage[], { files, builder }: Recording): Promise<void> {
  const added = changes.filter(({ from }) => from === undefined)
  const file = files.follow('var/lib/apt/extended_states')
  const [first] = added
  if (first === undefined || file?.type !== 'file') return
  const old = Buffer.from((await files.read([file.path])).get(file.path) ?? [])
  const gap = old.length === 0 || old.subarray(-2).toString() === '\n\n' ? '' : old.at(-1) === 0x0a ? '\n' : '\n\n'
  const stanzas = added.map(({ to }) => `Package: ${to.name}\nArchitecture: ${to.architecture}\nAuto-Installed: 1\n\n`)
  const content = Buffer.concat([old, Buffer.from(gap + stanzas.join(''))])
  await builder.write(file.path, content, { ...FACTS, mtime: first.newest }, originOf(first))
}
