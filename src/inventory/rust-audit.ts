/**
 * The crates that `cargo auditable` writes into a program: a section `.dep-v0` with JSON, packed by zlib. Source: the auditable format's
 * description. Crates that only ran while building are not in the program; those from a folder or from Git are in no registry.
 */
import { inflateSync } from 'node:zlib'
import { type InstalledPackage, isObject, isPlain } from './installed-package.ts'

/** The format asks readers to accept at least as much. */
export const LARGEST_PACKED = 1 << 20
const LARGEST_JSON = 8 << 20

/** The header of a zlib stream (RFC 1950): deflate, and both bytes as one number a multiple of 31. */
export function mayBeRustAudit(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes
  return (first & 0x0f) === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0 && (second & 0x20) === 0
}

/** Undefined where the bytes are something else. */
export function rustPackages(bytes: Uint8Array): readonly InstalledPackage[] | undefined {
  const parsed = parse(bytes)
  if (!isObject(parsed) || !Array.isArray(parsed['packages'])) return undefined
  const packages: readonly unknown[] = parsed['packages']
  return packages.flatMap((item): InstalledPackage[] => {
    if (!isObject(item)) return []
    const { name, version, source, kind } = item
    if (kind === 'build' || !isPlain(name) || !isPlain(version) || !/^[\w-]+$/.test(name)) return []
    return [{ ecosystem: 'crates.io', name, version, inside: `#${name}@${version}`, published: source === 'crates.io' }]
  })
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(inflateSync(bytes, { maxOutputLength: LARGEST_JSON }).toString('utf8'))
  } catch {
    return undefined
  }
}
