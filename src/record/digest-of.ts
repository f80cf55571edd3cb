import { createHash } from 'node:crypto'
import type { Sha256 } from '../model/digest.ts'
import { sha256FromHex } from '../model/digest.ts'

export function digestOf(content: string | Uint8Array): Sha256 {
  return sha256FromHex(createHash('sha256').update(content).digest('hex'))
}
