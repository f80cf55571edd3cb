import type { KeyObject } from 'node:crypto'
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../model/faults.ts'

/**
 * DSSE envelopes (github.com/secure-systems-lab/dsse, protocol.md): a payload, its type, and signatures over both. Keys are Ed25519
 * or ECDSA P-256 (signed over SHA-256, DER); a key's id is the SHA-256 of its public half (SPKI, DER).
 */
const Envelope = z.object({
  payload: z.base64(),
  payloadType: z.string(),
  signatures: z.array(z.object({ keyid: z.string().optional(), sig: z.base64() })),
})

/** What an envelope is as a file. */
export const ENVELOPE_TYPE = 'application/vnd.dsse.envelope.v1+json'

export interface SigningKey {
  readonly id: string
  readonly key: KeyObject
}

export interface OpenedEnvelope {
  readonly payload: Buffer
  readonly payloadType: string
  readonly signatures: number
  /** Ids of the keys it claims to be signed with. */
  readonly keyIds: readonly string[]
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

/** Faults: `receipt-invalid`; with a key, `receipt-signature` unless one of the signatures is by it. */
export function open(text: string, verifier?: SigningKey): OpenedEnvelope {
  const parsed = Envelope.safeParse(parseJson(text))
  if (!parsed.success) throw new Fault('receipt-invalid', 'The receipt is not a DSSE envelope.', { cause: parsed.error })
  const { payloadType, signatures } = parsed.data
  const payload = Buffer.from(parsed.data.payload, 'base64')
  if (verifier !== undefined) {
    const message = preAuthentication(payloadType, payload)
    const good = signatures.some(({ sig }) => verify(hashOf(verifier.key), message, verifier.key, Buffer.from(sig, 'base64')))
    if (!good) {
      const why =
        signatures.length === 0 ? 'The receipt is not signed.' : `The receipt is not signed by the key ${verifier.id.slice(0, 16)}.`
      throw new Fault('receipt-signature', why)
    }
  }
  return {
    payload,
    payloadType,
    signatures: signatures.length,
    keyIds: signatures.flatMap(({ keyid }) => (keyid === undefined ? [] : [keyid])),
  }
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
function hashOf(key: KeyObject): 'sha256' | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
