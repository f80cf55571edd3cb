import { type Entry, manifestWith } from './locks.ts'
import type { Files } from './run-suture.ts'

export interface Case {
  readonly name: string
  readonly files: Files
  /** The fault's code, `answer`, or `either` where both are right. */
  readonly ends: string
}

export const ESCAPE = '\u001b[2J\u001b]0;owned\u0007'
export const BIDI = '\u202eevil\u2066'
export const PLAIN: Entry = { version: '1.0.0' }

export const both = (name: string, lock: string | Uint8Array, ends: string, manifest: string | Uint8Array = manifestWith()): Case => ({
  name,
  files: { 'package-lock.json': lock, 'package.json': manifest },
  ends,
})
