/**
 * Puts entries together from header blocks and the records before them (PAX for one entry, GNU long names), whichever way the blocks are
 * read: as a stream or by position. Everything an archive could use to take memory is bounded here.
 *
 * Runtimes must see the same files. They read layers with Go's archive/tar and pass over PAX records for all entries, so these are passed
 * over here too, and refused where they would name files or move what follows. Where readers differ (a PAX path beside another GNU long
 * name, records for one entry before those for all), the archive is refused.
 */
import type { TarEntry, TarType } from './entry.ts'
import { entryPath, linkTarget, quoted } from './entry.ts'
import type { Invalid, RawHeader } from './header.ts'
import { BLOCK, isZeroBlock, readHeader } from './header.ts'
import { decodePathAt } from './path-bytes.ts'
import type { PaxFacts, PaxRecords } from './pax.ts'
import { paxFacts, readPax, refuseLeading } from './pax.ts'

export interface TarLimits {
  readonly entries: number
  /** Names, link targets and records of the whole archive, in bytes. */
  readonly names: number
}

/** Faults of whoever reads: an end of a sentence that begins with the archive's name and "cannot be read as a tar archive", or with "has". */
export interface TarFaults {
  readonly invalid: Invalid
  readonly tooLarge: Invalid
}

export const TAR_LIMITS: TarLimits = { entries: 2_000_000, names: 256 * 1024 * 1024 }
const LONGEST_RECORDS = 1024 * 1024
const LARGEST_ID = 2 ** 32 - 1

const TYPES = new Map<string, TarType>([
  ['0', 'file'],
  ['\0', 'file'],
  ['7', 'file'],
  ['1', 'hardlink'],
  ['2', 'symlink'],
  ['3', 'character'],
  ['4', 'block'],
  ['5', 'directory'],
  ['6', 'fifo'],
])
const NO_RECORDS: PaxRecords = new Map()
const NO_FACTS: PaxFacts = {}

/** What a block was: records whose body follows, an entry whose content follows, a mark, or the archive's end. */
export type Block =
  | { readonly kind: 'records'; readonly size: number }
  | { readonly kind: 'entry'; readonly entry: TarEntry }
  | { readonly kind: 'zero' }
  | { readonly kind: 'end' }

export class TarEntries {
  readonly invalid: Invalid
  readonly #tooLarge: Invalid
  readonly #limits: TarLimits
  #local = NO_RECORDS
  #longName: string | undefined
  #longLink: string | undefined
  #awaited: 'x' | 'g' | 'L' | 'K' | undefined
  #zero = false
  #count = 0
  #names = 0

  constructor({ invalid, tooLarge }: TarFaults, limits: TarLimits = TAR_LIMITS) {
    this.invalid = invalid
    this.#tooLarge = tooLarge
    this.#limits = limits
  }

  /** The block that stands at `at` of the bytes and at `offset` of the archive. */
  block(bytes: Buffer, at: number, offset: number): Block {
    if (isZeroBlock(bytes, at)) {
      if (this.#pending()) throw this.invalid('records stand before no entry')
      const kind = this.#zero ? 'end' : 'zero'
      this.#zero = true
      return { kind }
    }
    if (this.#zero) throw this.invalid('an entry follows its end mark')
    const header = readHeader(bytes, at, this.invalid)
    if (header.size < 0) throw this.invalid('a size is negative')
    const { type } = header
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      if (header.size > LONGEST_RECORDS) throw this.#tooLarge(`records of ${header.size} bytes`)
      if (type === 'g' && this.#pending()) throw this.invalid('records for one entry stand before those for all')
      this.#take(header.size)
      this.#awaited = type
      return { kind: 'records', size: header.size }
    }
    return { kind: 'entry', entry: this.#entry(header, offset + BLOCK) }
  }

  /** The body of the records that `block` announced. */
  records(body: Buffer): void {
    switch (this.#awaited) {
      case 'x':
        this.#local = readPax(body, this.invalid)
        break
      case 'g':
        refuseLeading(readPax(body, this.invalid), this.invalid)
        break
      case 'L':
        this.#longName = beforeNul(body)
        break
      case 'K':
        this.#longLink = beforeNul(body)
        break
      default:
        throw this.invalid('records were not announced')
    }
    this.#awaited = undefined
  }

  /** The archive's bytes end at a block's end. Archives without an end mark are read by everyone. */
  end(): void {
    if (this.#pending()) throw this.invalid('it ends within an entry')
  }

  #pending(): boolean {
    return this.#awaited !== undefined || this.#local.size > 0 || this.#longName !== undefined || this.#longLink !== undefined
  }

  #entry(header: RawHeader, offset: number): TarEntry {
    const { invalid } = this
    if (++this.#count > this.#limits.entries) throw this.#tooLarge(`more than ${this.#limits.entries} entries`)
    const pax: PaxFacts = this.#local.size > 0 ? paxFacts(this.#local, invalid) : NO_FACTS
    const rawName = oneOf(pax.path, this.#longName, invalid) ?? header.name
    const rawLink = oneOf(pax.linkName, this.#longLink, invalid) ?? header.linkName
    this.#local = NO_RECORDS
    this.#longName = undefined
    this.#longLink = undefined
    this.#take(rawName.length + rawLink.length)
    const path = entryPath(rawName, invalid)
    const type = typeOf(header.type, rawName)
    if (type === undefined) throw invalid(`${quoted(path)} is of a type that no image layer has (${quoted(header.type)})`)
    if (path === '' && type !== 'directory') throw invalid('its root is no folder')
    const uid = id(pax.uid ?? header.uid, invalid)
    const gid = id(pax.gid ?? header.gid, invalid)
    const size = type === 'file' ? (pax.size ?? header.size) : 0
    if (!Number.isSafeInteger(offset + size)) throw invalid('a size is too large')
    return {
      path,
      written: rawName,
      type,
      mode: header.mode & 0o7777,
      uid,
      gid,
      size,
      mtime: pax.mtime ?? header.mtime,
      target: type === 'symlink' ? linkTarget(rawLink, invalid) : type === 'hardlink' ? hardLinkTarget(rawLink, invalid) : undefined,
      xattrs: pax.xattrs,
      userName: pax.userName ?? header.userName,
      groupName: pax.groupName ?? header.groupName,
      device: type === 'character' || type === 'block' ? [header.devMajor, header.devMinor] : undefined,
      offset,
    }
  }

  #take(bytes: number): void {
    this.#names += bytes
    if (this.#names > this.#limits.names) throw this.#tooLarge(`names and records beyond ${this.#limits.names} bytes`)
  }
}

/** Before POSIX, a folder was a file whose name ends in `/`. */
function typeOf(flag: string, name: string): TarType | undefined {
  const type = TYPES.get(flag)
  return type === 'file' && flag !== '7' && name.endsWith('/') ? 'directory' : type
}

function hardLinkTarget(raw: string, invalid: Invalid): string {
  const target = entryPath(raw, invalid)
  if (target === '') throw invalid('a hard link leads nowhere')
  return target
}

function id(value: number, invalid: Invalid): number {
  if (value < 0 || value > LARGEST_ID) throw invalid(`the owner ${value} cannot be one`)
  return value
}

/** Readers differ in which of the two they follow. */
function oneOf(pax: string | undefined, gnu: string | undefined, invalid: Invalid): string | undefined {
  if (pax !== undefined && gnu !== undefined && pax !== gnu) throw invalid('an entry has two long names')
  return pax ?? gnu
}

function beforeNul(body: Buffer): string {
  const end = body.indexOf(0)
  return decodePathAt(body, 0, end < 0 ? body.length : end)
}

/** The bytes that a content takes in the archive. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}
