/** What a tar archive says of one entry, checked: the shape that the reader gives. */
import { printable } from '../text/printable.ts'
import type { Invalid } from './header.ts'
import { encodePath } from './path-bytes.ts'

export type TarType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo'

export interface TarEntry {
  /** From the archive's root: no leading or trailing `/`, no empty, `.` or `..` part; empty for the root itself. */
  readonly path: string
  /** As the archive has it. */
  readonly written: string
  readonly type: TarType
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of the content, in bytes; 0 unless a file. */
  readonly size: number
  /** Seconds since the epoch, whole. */
  readonly mtime: number
  /** As written for a symbolic link; a path like `path` for a hard link. */
  readonly target: string | undefined
  /** Extended attributes, values as bytes in latin1. */
  readonly xattrs: Readonly<Record<string, string>> | undefined
  /** Empty where the archive names none. */
  readonly userName: string
  readonly groupName: string
  /** Major and minor number of a device. */
  readonly device: readonly [number, number] | undefined
  /** Where the content starts, from the beginning of the archive. */
  readonly offset: number
}

/** Linux takes no longer path than 4,096 bytes, its end mark included. */
const LONGEST_PATH = 4095
const CLEAN = /^(?!\.{1,2}(?:\/|$))[^/\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)*$/

/** Faults where a name leads out of the archive's root, is too long or cannot be a name. */
export function entryPath(raw: string, invalid: Invalid): string {
  const start = raw.startsWith('./') ? 2 : raw.startsWith('/') ? 1 : 0
  const path = start === 0 && !raw.endsWith('/') ? raw : raw.slice(start, raw.endsWith('/') ? -1 : undefined)
  if (path.length <= LONGEST_PATH / 4 && CLEAN.test(path)) return path
  if (encodePath(raw).length > LONGEST_PATH) throw invalid(`a name is longer than ${LONGEST_PATH} bytes`)
  if (raw.includes('\0')) throw invalid('a name holds a NUL')
  const parts = raw.split('/').filter(part => part !== '' && part !== '.')
  if (parts.includes('..')) throw invalid(`the name ${quoted(raw)} leads out of it`)
  return parts.join('/')
}

export function linkTarget(raw: string, invalid: Invalid): string {
  if (raw === '') throw invalid('a symbolic link leads nowhere')
  if (raw.length > LONGEST_PATH / 4 && encodePath(raw).length > LONGEST_PATH) {
    throw invalid(`a link’s target is longer than ${LONGEST_PATH} bytes`)
  }
  if (raw.includes('\0')) throw invalid('a link’s target holds a NUL')
  return raw
}

/** A path from outside in a message. */
export function quoted(path: string): string {
  const shown = printable(path).replace(/\n/g, '␤')
  return `“${shown.length > 120 ? `${shown.slice(0, 119)}…` : shown}”`
}
