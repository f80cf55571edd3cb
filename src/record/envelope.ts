/**
 * DSSE envelopes (github.com/secure-systems-lab/dsse, protocol.md): a payload, its type, and signatures over both. Keys are Ed25519
 * or ECDSA P-256 (signed over SHA-256, DER); a key's id is the SHA-256 of its public half (SPKI, DER).
 */
import type { KeyObject } from 'node:crypto'
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { Fault } from '../model/faults.ts'

/** What an envelope is as a file. */
export const ENVELOPE_TYPE = 'application/vnd.dsse.envelope.v1+json'

export interface SigningKey {
  readonly id: string
  readonly key: KeyObject
}

/** Faults: `key-invalid`. */
export function signingKey(pem: string): SigningKey {
  return { ...keyOf(pem, createPrivateKey) }
}

/** Takes a public key, or a private one, whose public half counts. Faults: `key-invalid`. */
export function verifyingKey(pem: string): SigningKey {
  return { ...keyOf(pem, createPublicKey) }
}

export function seal(payload: string, payloadType: string, signer?: SigningKey): string {
  const body = Buffer.from(payload)
  const signatures =
    signer === undefined
      ? []
      : [{ keyid: signer.id, sig: sign(hashOf(signer.key), preAuthentication(payloadType, body), signer.key).toString('base64') }]
  return `${JSON.stringify({ payload: body.toString('base64'), payloadType, signatures }, null, 2)}\n`
}

/** DSSE, "Signature definition": what is signed, so that type and payload cannot be confused. */
export function preAuthentication(payloadType: string, payload: Buffer): Buffer {
  const type = Buffer.from(payloadType)
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload])
}

function keyOf(pem: string, read: (pem: string) => KeyObject): SigningKey {
  let key: KeyObject
  try {
    key = read(pem)
  } catch (cause) {
    throw new Fault('key-invalid', 'The key cannot be read.', { cause })
  }
  const kind = key.asymmetricKeyType
  const fits = kind === 'ed25519' || (kind === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1')
  if (!fits) throw new Fault('key-invalid', `The key is of the kind ${kind ?? 'unknown'}.`)
  const spki = (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' })
  return { id: createHash('sha256').update(spki).digest('hex'), key }
}

/** Ed25519 hashes by itself. */
export function hashOf(key: KeyObject): 'sha256' | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
}
