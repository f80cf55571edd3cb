/** Reads the files of an npm project: its lockfile, its manifest, and the manifests that npm needs to see beside them. */
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { dirname } from 'node:path/posix'
import { sha256FromHex } from '../../model/digest.ts'
import { Fault } from '../../model/faults.ts'
import type { FileDigest } from '../../model/inventory.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { type LockDocument, MAX_LOCK_BYTES, readLock } from './read-lock.ts'

export interface Repository {
  readonly folder: string
  readonly lock: LockDocument
  readonly manifest: Manifest | undefined
  readonly files: readonly FileDigest[]
  /** package.json paths of workspaces and links inside the project, relative to it. */
  readonly manifests: readonly string[]
  /** Those of them that can be read, by their folder: the project's own files as much as the root's manifest. */
  readonly workspaces: ReadonlyMap<string, Manifest>
}

/** npm-shrinkwrap.json goes before package-lock.json, as with npm. Faults: `target-not-found`, `file-*`, `json-*`, `lockfile-*`, `manifest-invalid`. */
export function readRepository(folder: string): Repository {
  const file = ['npm-shrinkwrap.json', 'package-lock.json'].find(name => isFile(join(folder, name)))
  if (file === undefined) throw new Fault('target-not-found', `${folder} holds no package-lock.json or npm-shrinkwrap.json.`)
  const lock = readLock(file, readText(folder, file))
  const manifest = isFile(join(folder, 'package.json')) ? readManifest('package.json', readText(folder, 'package.json')) : undefined
  if (manifest === undefined && lock.version === 1) {
    throw new Fault('manifest-invalid', `${folder} has no package.json, and a version 1 lock does not say what the project asks for.`)
  }
  const manifests = linkedManifests(folder, lock)
  const texts = [{ path: file, text: lock.text }, ...(manifest === undefined ? [] : [{ path: manifest.file, text: manifest.text }])]
  return {
    folder,
    lock,
    manifest,
    files: texts.map(({ path, text }) => ({ path, sha256: sha256FromHex(createHash('sha256').update(text).digest('hex')) })),
    manifests,
    workspaces: new Map(manifests.flatMap(path => readable(folder, path))),
  }
}

function linkedManifests(folder: string, lock: LockDocument): readonly string[] {
  const paths = [...lock.entries.keys()].filter(
    location => location !== '' && !location.includes('node_modules') && !location.startsWith('..'),
  )
  return paths
    .map(location => `${location}/package.json`)
    .filter(path => isInside(folder, path))
    .sort()
}

/** One that cannot be read is npm's business: it only cannot be changed. */
function readable(folder: string, path: string): readonly (readonly [location: string, manifest: Manifest])[] {
  try {
    return [[dirname(path), readManifest(path, readText(folder, path))]]
  } catch (fault) {
    if (fault instanceof Fault) return []
    throw fault
  }
}

/** An existing file that really lies below the folder, whatever links stand on the way. What cannot be looked at is none. */
function isInside(folder: string, path: string): boolean {
  try {
    const full = join(folder, path)
    return statSync(full).isFile() && realpathSync(full).startsWith(`${realpathSync(folder)}${sep}`)
  } catch {
    return false
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true
  } catch (cause) {
    throw new Fault('file-unreadable', `${path} cannot be looked at.`, { cause })
  }
}

function readText(folder: string, file: string): string {
  const path = join(folder, file)
  try {
    if (statSync(path).size > MAX_LOCK_BYTES)
      throw new Fault('file-too-large', `${path} is larger than ${MAX_LOCK_BYTES / 1024 / 1024} MiB.`)
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path))
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    if (cause instanceof TypeError) throw new Fault('json-invalid', `${path} is not UTF-8.`, { cause })
    throw new Fault('file-unreadable', `${path} cannot be read.`, { cause })
  }
}
