/** Apart from how receipts are made, so that making one does not wait for the schema that one is read with. */
import { verify } from 'node:crypto'
import { Fault } from '../model/faults.ts'
import type { Receipt } from '../model/receipt.ts'
import type { SigningKey } from './envelope.ts'
import { hashOf, preAuthentication } from './envelope.ts'
import { contentIdOf, PAYLOAD_TYPE, subjectOf } from './receipt.ts'
import { Envelope, Statement } from './receipt-schema.ts'

export interface OpenedReceipt {
  readonly receipt: Receipt
  /** `verified` only when a key was given and it fits; `unchecked` when there are signatures and no key. */
  readonly signature: 'none' | 'unchecked' | 'verified'
  readonly keyIds: readonly string[]
  /** The first 8 hex digits of the content's SHA-256, which its file is named by. */
  readonly contentId: string
}

interface OpenedEnvelope {
  readonly payload: Buffer
  readonly payloadType: string
  readonly signatures: number
  /** Ids of the keys it claims to be signed with. */
  readonly keyIds: readonly string[]
}

/** Reads a receipt's text. Faults: `receipt-invalid`, `receipt-signature` (only when a key is given). */
export function readReceipt(text: string, verifier?: SigningKey): OpenedReceipt {
  const { payload, payloadType, signatures, keyIds } = open(text, verifier)
  const statement = payloadType === PAYLOAD_TYPE ? Statement.safeParse(parseJson(payload.toString('utf8'))) : undefined
  if (!statement?.success) {
    throw new Fault('receipt-invalid', 'The envelope does not hold one of Suture’s receipts.', { cause: statement?.error })
  }
  const { subject, predicate: receipt } = statement.data
  const expected = subjectOf(receipt)
  const agrees =
    subject.length === expected.length &&
    subject.every(({ name, digest }, index) => expected[index]?.name === name && expected[index].digest.sha256 === digest.sha256)
  if (!agrees) throw new Fault('receipt-invalid', 'The receipt’s subject and its content name different things.')
  const signature = verifier !== undefined ? 'verified' : signatures > 0 ? 'unchecked' : 'none'
  return { receipt, signature, keyIds, contentId: contentIdOf(payload) }
}

/** Faults: `receipt-invalid`; with a key, `receipt-signature` unless one of the signatures is by it. */
function open(text: string, verifier?: SigningKey): OpenedEnvelope {
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
