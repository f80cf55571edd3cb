/**
 * PAX records: `<length> <key>=<value>\n`, for one entry or for all that follow. Source: POSIX.1-2017 pax(1), "pax Header Block";
 * extended attributes as star and GNU tar write them (`SCHILY.xattr.<name>`).
 */
import type { Invalid } from './header.ts'
import { decodePath } from './path-bytes.ts'

export type PaxRecords = ReadonlyMap<string, Buffer>

const MOST_RECORDS = 4096
const SPARSE = 'GNU.sparse.'
const LEADING: ReadonlySet<string> = new Set(['path', 'linkpath', 'size'])

export function readPax(body: Buffer, invalid: Invalid): PaxRecords {
  const records = new Map<string, Buffer>()
  let at = 0
  while (at < body.length) {
    const space = body.indexOf(0x20, at)
    const digits = space < 0 || space - at > 8 ? '' : body.toString('latin1', at, space)
    const length = /^[1-9][0-9]*$/.test(digits) ? Number(digits) : 0
    const end = at + length
    if (length === 0 || end > body.length || end <= space + 1 || body[end - 1] !== 0x0a) {
      // Some writers fill the rest of the block's body with NULs.
      if (body.subarray(at).every(byte => byte === 0)) break
      throw invalid('a PAX record’s length is wrong')
    }
    const equals = body.indexOf(0x3d, space)
    if (equals < 0 || equals >= end) throw invalid('a PAX record has no “=”')
    records.set(body.toString('utf8', space + 1, equals), Buffer.from(body.subarray(equals + 1, end - 1)))
    if (records.size > MOST_RECORDS) throw invalid(`an entry has more than ${MOST_RECORDS} PAX records`)
    at = end
  }
  return records
}

/** What differs from the header block; a key with an empty value is as if it were not there. */
export interface PaxFacts {
  readonly path?: string
  readonly linkName?: string
  readonly size?: number
  readonly uid?: number
  readonly gid?: number
  readonly mtime?: number
  readonly userName?: string
  readonly groupName?: string
  readonly xattrs?: Readonly<Record<string, string>>
}

/** Refuses records for all entries that would give them names or lengths, for who follows them. */
export function refuseLeading(records: PaxRecords, invalid: Invalid): void {
  for (const key of records.keys()) {
    if (LEADING.has(key) || key.startsWith(SPARSE)) throw invalid(`records for all entries have a ${key}`)
  }
}

export function paxFacts(records: PaxRecords, invalid: Invalid): PaxFacts {
  const get = (key: string): Buffer | undefined => {
    const value = records.get(key)
    return value === undefined || value.length === 0 ? undefined : value
  }
  for (const key of records.keys()) if (key.startsWith(SPARSE)) throw invalid('it holds a sparse file')
  const text = (key: string): string | undefined => {
    const value = get(key)
    return value === undefined ? undefined : decodePath(value)
  }
  const path = text('path')
  const linkName = text('linkpath')
  const size = whole(get('size'), 'size', invalid)
  const uid = whole(get('uid'), 'user', invalid)
  const gid = whole(get('gid'), 'group', invalid)
  const mtime = time(get('mtime'), invalid)
  const userName = text('uname')
  const groupName = text('gname')
  const xattrs = xattrsOf(records)
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkName === undefined ? {} : { linkName }),
    ...(size === undefined ? {} : { size }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(mtime === undefined ? {} : { mtime }),
    ...(userName === undefined ? {} : { userName }),
    ...(groupName === undefined ? {} : { groupName }),
    ...(xattrs === undefined ? {} : { xattrs }),
  }
}

function whole(value: Buffer | undefined, what: string, invalid: Invalid): number | undefined {
  if (value === undefined) return undefined
  const text = value.toString('latin1')
  const number = Number(text)
  if (!/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(number)) throw invalid(`a PAX record’s ${what} cannot be right`)
  return number
}

function time(value: Buffer | undefined, invalid: Invalid): number | undefined {
  if (value === undefined) return undefined
  const text = value.toString('latin1', 0, 64)
  const seconds = Math.floor(Number(text))
  if (!/^-?[0-9]+(\.[0-9]*)?$/.test(text) || !Number.isSafeInteger(seconds)) throw invalid('a PAX record’s time cannot be right')
  return seconds
}

const XATTR = 'SCHILY.xattr.'

function xattrsOf(records: PaxRecords): Readonly<Record<string, string>> | undefined {
  let xattrs: Record<string, string> | undefined
  for (const [key, value] of records) {
    if (!key.startsWith(XATTR) || value.length === 0) continue
    xattrs ??= Object.create(null) as Record<string, string>
    xattrs[key.slice(XATTR.length)] = value.toString('latin1')
  }
  return xattrs
}
