/** The smaller files of dpkg's database: diversions, overridden modes, lists of files and of their digests. */
import { Fault } from '../../model/faults.ts'

const MOST_LINES = 2_000_000

/** Whoever brings `from` gets it written to `to` instead, except the package `by`; `:` stands for the administrator, who brings nothing. */
export interface Diversion {
  /** Without leading `/`. */
  readonly from: string
  readonly to: string
  readonly by: string
}

export interface StatOverride {
  /** Names, or numbers after `#`. */
  readonly user: string
  readonly group: string
  readonly mode: number
  /** Without leading `/`. */
  readonly path: string
}

/** `diversions`: three lines each. Throws `dpkg-status-invalid`. */
export function readDiversions(text: string): Diversion[] {
  const lines = linesOf(text, 'diversions')
  if (lines.length % 3 !== 0) throw new Fault('dpkg-status-invalid', 'var/lib/dpkg/diversions does not hold three lines for each diversion')
  const diversions: Diversion[] = []
  for (let i = 0; i < lines.length; i += 3) {
    diversions.push({ from: divertedPath(lines[i] ?? ''), to: divertedPath(lines[i + 1] ?? ''), by: lines[i + 2] ?? ':' })
  }
  return diversions
}

/** A name that would hide another file of the image, were a layer to have it, can be none. */
function divertedPath(line: string): string {
  const path = relativePath(line)
  if (path !== '' && !/(?:^|\/)\.wh\./.test(path)) return path
  throw new Fault('dpkg-status-invalid', `var/lib/dpkg/diversions has a path that nothing can be written to: ${line.slice(0, 120)}`)
}

/** `statoverride`: `user group mode path` a line. Throws `dpkg-status-invalid`. */
export function readStatOverrides(text: string): StatOverride[] {
  return linesOf(text, 'statoverride').map(line => {
    const [, user = '', group = '', mode = '', path = ''] = /^(\S+) (\S+) ([0-7]{1,5}) (.+)$/.exec(line) ?? []
    if (path === '')
      throw new Fault('dpkg-status-invalid', `var/lib/dpkg/statoverride has a line that cannot be read: ${line.slice(0, 80)}`)
    return { user, group, mode: Number.parseInt(mode, 8), path: relativePath(path) }
  })
}

/** `info/*.list`: one path a line, folders too; the root is left out. */
export function readFileList(text: string, name: string): string[] {
  return linesOf(text, name).flatMap(line => relativePath(line) || [])
}

/** `info/*.md5sums` and those of `status.d`: path → MD5, hexadecimal. */
export function readMd5sums(text: string, name: string): Map<string, string> {
  const sums = new Map<string, string>()
  for (const line of linesOf(text, name)) {
    const [, md5 = '', path = ''] = /^([0-9a-f]{32}) [ *](.+)$/.exec(line) ?? []
    if (path === '') throw new Fault('dpkg-status-invalid', `${name} has a line that cannot be read: ${line.slice(0, 80)}`)
    sums.set(relativePath(path), md5)
  }
  return sums
}

function linesOf(text: string, name: string): string[] {
  const lines = text.split('\n', MOST_LINES + 1)
  if (lines.length > MOST_LINES) throw new Fault('dpkg-status-invalid', `${name} has more than ${MOST_LINES} lines`)
  return lines.filter(line => line !== '')
}

/** `/./usr/bin/`, `./usr/bin` and `/.` as paths of an image; `..` leads nowhere in one. */
function relativePath(path: string): string {
  if (path.startsWith('/') && !ODD_PART.test(path)) return path.slice(1)
  const parts = path.split('/').filter(part => part !== '' && part !== '.')
  if (parts.includes('..')) throw new Fault('dpkg-status-invalid', `the package database has a path with ..: ${path.slice(0, 120)}`)
  return parts.join('/')
}

/** Nearly every path has none: nothing, `.` or `..` between two slashes or after the last one. */
const ODD_PART = /\/\.{0,2}(?:\/|$)/
