import { createHash, timingSafeEqual } from 'node:crypto'

/** Strongest first. Subresource Integrity allows the first three; registries of old know only SHA-1. */
const ALGORITHMS = ['sha512', 'sha384', 'sha256', 'sha1'] as const
const BYTES = { sha512: 64, sha384: 48, sha256: 32, sha1: 20 }
const DIGEST = /^(sha512|sha384|sha256|sha1)-([A-Za-z0-9+/]+={0,2})$/
/** One SHA-512: nearly every value is this. */
const USUAL = /^sha512-[A-Za-z0-9+/]{86}==$/

type Algorithm = (typeof ALGORITHMS)[number]

/** A whole Subresource Integrity string, every digest as long as its algorithm says. */
export function isIntegrity(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 1024) return false
  return USUAL.test(value) || digestsIn(value) !== undefined
}

export function integrityOfShasum(shasum: unknown): string | undefined {
  return typeof shasum === 'string' && /^[0-9a-f]{40}$/i.test(shasum) ? `sha1-${Buffer.from(shasum, 'hex').toString('base64')}` : undefined
}

/** Whether the bytes are what the strongest digests in the string say; with several of one algorithm, any of them. */
export function matchesIntegrity(bytes: Uint8Array, integrity: string): boolean {
  const digests = digestsIn(integrity)
  const algorithm = ALGORITHMS.find(candidate => digests?.some(digest => digest.algorithm === candidate))
  if (digests === undefined || algorithm === undefined) return false
  const actual = createHash(algorithm).update(bytes).digest()
  return digests.some(digest => digest.algorithm === algorithm && timingSafeEqual(digest.bytes, actual))
}

function digestsIn(integrity: string): readonly { algorithm: Algorithm; bytes: Buffer }[] | undefined {
  const digests: { algorithm: Algorithm; bytes: Buffer }[] = []
  for (const part of integrity.split(' ')) {
    if (part === '') continue
    const match = DIGEST.exec(part.replace(/\?.*$/, ''))
    const algorithm = ALGORITHMS.find(candidate => candidate === match?.[1])
    if (algorithm === undefined) return undefined
    const bytes = Buffer.from(match?.[2] ?? '', 'base64')
    if (bytes.length !== BYTES[algorithm]) return undefined
    digests.push({ algorithm, bytes })
  }
  return digests.length === 0 ? undefined : digests
}
