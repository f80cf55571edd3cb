/**
 * What a package's archive carries in its own node_modules: the manifests of its bundled dependencies. Only headers and manifests are
 * looked at; nothing is written to disk. Source: POSIX pax interchange format; npm publishes gzip-compressed tar.
 */
import { gunzipSync } from 'node:zlib'
import { Fault } from '../../../model/faults.ts'
import { isRecord } from './json-values.ts'
import { isPackageName } from './package-name.ts'

export interface BundledPackage {
  /** Below the bundling package: `node_modules/a/node_modules/b`. */
  readonly path: string
  readonly name: string
  readonly version: string
  readonly manifest: Readonly<Record<string, unknown>>
}

const MAX_UNPACKED_BYTES = 512 * 1024 * 1024
const MAX_MANIFEST_BYTES = 1024 * 1024
const MAX_FILES = 200_000
const BLOCK = 512

export function readBundle(archive: Uint8Array, of: string): readonly BundledPackage[] {
  const tar = unpack(archive, of)
  const found: BundledPackage[] = []
  for (const { path, content } of entries(tar, of)) {
    const inside = /^[^/]+\/((?:node_modules\/(?:@[^/]+\/)?[^/]+\/)+)package\.json$/.exec(path)?.[1]
    if (inside === undefined) continue
    const names = inside
      .split('node_modules/')
      .filter(part => part !== '')
      .map(part => part.slice(0, -1))
    const manifest = readJson(content)
    if (names.length > 64 || !names.every(isPackageName) || manifest === undefined) continue
    const { name, version } = manifest
    if (typeof name === 'string' && isPackageName(name) && typeof version === 'string' && version.length <= 256) {
      found.push({ path: inside.slice(0, -1), name, version, manifest })
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** What `readBundle` found, as it was kept: JSON. */
export function keptBundle(record: Buffer): readonly BundledPackage[] {
  const list: unknown = JSON.parse(record.toString())
  return (Array.isArray(list) ? list : []).filter(isBundledPackage)
}

function isBundledPackage(value: unknown): value is BundledPackage {
  const texts = isRecord(value) ? [value['path'], value['name'], value['version']] : []
  return isRecord(value) && isRecord(value['manifest']) && texts.every(text => typeof text === 'string')
}

function unpack(archive: Uint8Array, of: string): Buffer {
  try {
    return gunzipSync(archive, { maxOutputLength: MAX_UNPACKED_BYTES })
  } catch (cause) {
    throw new Fault(
      'registry-invalid',
      `The archive of ${of} cannot be unpacked, or is larger than ${MAX_UNPACKED_BYTES / 1024 / 1024} MiB.`,
      { cause },
    )
  }
}

function* entries(tar: Buffer, of: string): Generator<{ readonly path: string; readonly content: Buffer }> {
  let longPath: string | undefined
  let files = 0
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.every(byte => byte === 0)) return
    const size = sizeOf(header)
    const content = tar.subarray(at + BLOCK, at + BLOCK + size)
    if (!Number.isSafeInteger(size) || size < 0 || content.length < size || ++files > MAX_FILES) {
      throw new Fault('registry-invalid', `The archive of ${of} is damaged.`)
    }
    const type = String.fromCharCode(header[156] ?? 0)
    if (type === 'L') longPath = text(content)
    else if (type === 'x') longPath = paxPath(content) ?? longPath
    else {
      const prefix = text(header.subarray(345, 500))
      const short = text(header.subarray(0, 100))
      const path = longPath ?? (text(header.subarray(257, 262)) === 'ustar' && prefix !== '' ? `${prefix}/${short}` : short)
      longPath = undefined
      if ((type === '0' || type === '\0') && size <= MAX_MANIFEST_BYTES) yield { path: path.replace(/^\.\//, ''), content }
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
}

/** Octal digits, or base 256 where the first bit is set. */
function sizeOf(header: Buffer): number {
  const field = header.subarray(124, 136)
  if (((field[0] ?? 0) & 0x80) !== 0) return field.subarray(4).reduce((sum, byte) => sum * 256 + byte, 0)
  return Number.parseInt(text(field).trim() || '0', 8)
}

function paxPath(content: Buffer): string | undefined {
  return /^\d+ path=(.*)$/m.exec(content.toString('utf8'))?.[1]
}

function text(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end)
}

function readJson(content: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(content.toString('utf8').replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
