import { Fault } from '../../../model/faults.ts'
import type { JsonLimits, JsonObject } from '../../../text/json-source.ts'
import { readJsonSource } from '../../../text/json-source.ts'

/** A lockfile as text and as nodes with positions. */
export interface LockSource {
  /** Relative to the target, with `/`. */
  readonly file: string
  readonly text: string
  readonly root: JsonObject
  /** A lock without the member (npm 4 and older) counts as 1. */
  readonly lockfileVersion: 1 | 2 | 3
}

/** Reads a lockfile's outer shape. Faults: those of `readJsonSource`, `lockfile-invalid`, `lockfile-unsupported`. */
export function readLockSource(file: string, text: string, limits: JsonLimits = {}): LockSource {
  const root = readJsonSource(text, { file, ...limits })
  if (root.kind !== 'object') throw new Fault('lockfile-invalid', `${file} does not hold an object.`)
  const version = root.get('lockfileVersion')
  const lockfileVersion = version === undefined ? 1 : version.kind === 'number' ? version.value : undefined
  if (lockfileVersion !== 1 && lockfileVersion !== 2 && lockfileVersion !== 3) {
    throw new Fault('lockfile-unsupported', `${file} has a lockfileVersion that Suture does not know.`)
  }
  for (const section of lockfileVersion === 1 ? ['dependencies'] : ['packages']) {
    const node = root.get(section)
    if (node !== undefined && node.kind !== 'object') throw new Fault('lockfile-invalid', `${file}: "${section}" is not an object.`)
  }
  return { file, text, root, lockfileVersion }
}
