/**
 * Clear-signed text, checked with OpenPGP. One signature by a trusted key is enough, whatever others there are. A key must be valid now,
 * as apt wants it, and not only when it signed. The library is loaded when the first signature is checked.
 */
import { createHash } from 'node:crypto'
import { Fault } from '../../../model/faults.ts'
import type { KeyringFile } from './keyrings.ts'
import type { AptSource } from './source.ts'

export interface Verified {
  /** What was signed, without the armour. */
  readonly text: string
  /** Of the key or subkey that signed, upper-case hexadecimal. */
  readonly fingerprint: string
  /** Until when the key may be used, ISO 8601; absent: for ever. */
  readonly expires?: string
  /** The keyring that holds it. */
  readonly keyring: Pick<KeyringFile, 'path' | 'from'>
}

/** Why no signature of a text is trusted. */
export interface Distrusted {
  /** `absent`: not signed; `missing`: no key at hand; `expired`: the key has expired or was revoked; `invalid`: it does not belong to the text. */
  readonly why: 'absent' | 'missing' | 'expired' | 'invalid'
  readonly detail: string
}

type OpenPgp = typeof import('openpgp')
type Key = import('openpgp').Key

const MOST_SIGNATURES = 20
const MOST_KEYS = 1000

/** `signed` is the whole file. */
export async function verifyClearSigned(
  signed: string,
  keyrings: readonly KeyringFile[],
  fingerprints: readonly string[],
  now: Date,
): Promise<Verified | Distrusted> {
  if (!signed.startsWith('-----BEGIN PGP SIGNED MESSAGE-----')) return { why: 'absent', detail: 'it carries no signature' }
  const openpgp = await import('openpgp')
  let message: Awaited<ReturnType<OpenPgp['readCleartextMessage']>>
  try {
    message = await openpgp.readCleartextMessage({ cleartextMessage: signed })
  } catch (cause) {
    return { why: 'invalid', detail: `its signature cannot be read (${cause instanceof Error ? cause.message : 'unknown reason'})` }
  }
  const wanted = message.getSigningKeyIDs().slice(0, MOST_SIGNATURES)
  if (wanted.length === 0) return { why: 'absent', detail: 'it carries no signature' }
  const keys = await readKeys(openpgp, keyrings)
  let worst: Distrusted = { why: 'missing', detail: `it is signed by ${wanted.map(id => id.toHex().toUpperCase()).join(', ')}` }
  for (const id of wanted) {
    for (const { key, keyring } of keys) {
      const [signing] = key.getKeys(id)
      if (signing === undefined || !isNamed(fingerprints, key, signing.getFingerprint())) continue
      const fingerprint = signing.getFingerprint().toUpperCase()
      const expires = await expiryOf(key, signing)
      if (expires !== undefined && expires <= now) {
        worst = worse(worst, { why: 'expired', detail: `key ${fingerprint} expired on ${expires.toISOString().slice(0, 10)}` })
        continue
      }
      const revoked = await key.isRevoked(undefined, undefined, now)
      if (revoked) {
        worst = worse(worst, { why: 'expired', detail: `key ${fingerprint} was revoked` })
        continue
      }
      const failure = await failureOf(openpgp, message, key, id.toHex(), now)
      if (failure === undefined) {
        return {
          text: message.getText(),
          fingerprint,
          ...(expires !== undefined && { expires: expires.toISOString() }),
          keyring: { path: keyring.path, from: keyring.from },
        }
      }
      // Where the mathematics does not say no, it is the key that cannot be used, and a newer copy of it may do.
      const contradicted = /did not match|verification failed/i.test(failure)
      worst = worse(
        worst,
        contradicted
          ? { why: 'invalid', detail: `the signature by ${fingerprint} does not hold (${failure})` }
          : { why: 'expired', detail: `key ${fingerprint} cannot be used (${failure})` },
      )
    }
  }
  return worst
}

const ORDER: readonly Distrusted['why'][] = ['missing', 'expired', 'invalid']

function worse(a: Distrusted, b: Distrusted): Distrusted {
  return ORDER.indexOf(b.why) > ORDER.indexOf(a.why) ? b : a
}

/** Without fingerprints every key of the keyring will do. */
function isNamed(fingerprints: readonly string[], key: Key, signing: string): boolean {
  if (fingerprints.length === 0) return true
  const [primary, own] = [key.getFingerprint().toUpperCase(), signing.toUpperCase()]
  return fingerprints.some(named => (named.endsWith('!') ? own === named.slice(0, -1) : primary === named || own === named))
}

/** The earlier end of the key and of its part that signed. */
async function expiryOf(key: Key, signing: Key | import('openpgp').Subkey): Promise<Date | undefined> {
  const ends = [await key.getExpirationTime(), 'mainKey' in signing ? await signing.getExpirationTime() : undefined]
  const dates = ends.flatMap(end => (end instanceof Date ? [end] : end === null ? [new Date(0)] : []))
  return dates.sort((a, b) => a.getTime() - b.getTime())[0]
}

async function failureOf(
  openpgp: OpenPgp,
  message: Awaited<ReturnType<OpenPgp['readCleartextMessage']>>,
  key: Key,
  id: string,
  now: Date,
): Promise<string | undefined> {
  const { signatures } = await openpgp.verify({ message, verificationKeys: [key], date: now })
  let failure = 'it was not made by this key'
  for (const { keyID, verified } of signatures) {
    const answer = await verified.then(
      () => undefined,
      (cause: unknown) => (cause instanceof Error ? cause.message : 'unknown reason'),
    )
    if (keyID.toHex() !== id) continue
    if (answer === undefined) return undefined
    failure = answer
  }
  return failure
}

async function readKeys(
  openpgp: OpenPgp,
  keyrings: readonly KeyringFile[],
): Promise<{ readonly key: Key; readonly keyring: KeyringFile }[]> {
  const found: { key: Key; keyring: KeyringFile }[] = []
  for (const keyring of keyrings) {
    const armored = Buffer.from(keyring.bytes).includes('-----BEGIN PGP')
    try {
      const keys = armored
        ? await openpgp.readKeys({ armoredKeys: Buffer.from(keyring.bytes).toString('utf8') })
        : await openpgp.readKeys({ binaryKeys: Uint8Array.from(keyring.bytes) })
      for (const key of keys) if (found.length < MOST_KEYS) found.push({ key, keyring })
    } catch {
      // A file that is no keyring holds no key; the fault, if it comes to one, says that a key is missing.
    }
  }
  return found
}

export function faultOf(distrusted: Distrusted, source: AptSource, where: string): Fault {
  const code = distrusted.why === 'missing' ? 'apt-key-missing' : distrusted.why === 'expired' ? 'apt-key-expired' : 'apt-signature-invalid'
  return new Fault(code, `${where} (${source.from}): ${distrusted.detail}`)
}

/** Names what a verification depends on besides the clock: the text, the keys and which of them are named. */
export function verificationKey(signed: Uint8Array, keyrings: readonly KeyringFile[], fingerprints: readonly string[]): string {
  const hash = createHash('sha256').update(createHash('sha256').update(signed).digest())
  for (const { bytes } of keyrings) hash.update(createHash('sha256').update(bytes).digest())
  return hash.update(fingerprints.join(' ')).digest('hex')
}
