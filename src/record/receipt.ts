import type { Edit, PatchedFile } from '../model/edit.ts'
import type { Change } from '../model/plan.ts'
import type { ImageReceipt, Receipt, ReceiptOrigin } from '../model/receipt.ts'
import { editsOf } from '../text/edits.ts'
import { digestOf } from './digest-of.ts'
import type { SigningKey } from './envelope.ts'
import { seal } from './envelope.ts'
import { receiptEdits } from './receipt-edits.ts'
import { withoutSecretsIn } from './secrets.ts'

/** Of the in-toto statement (github.com/in-toto/attestation, spec/v1/statement.md) and its envelope. */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
export const PREDICATE_TYPE = 'https://suture.dev/receipt/v1'
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'

export const RECEIPTS_FOLDER = '.suture/receipts'

export interface ReceiptInput {
  readonly toolVersion: string
  readonly now: () => Date
  readonly target: string
  readonly files: readonly PatchedFile[]
  /** Set where an image was patched. */
  readonly image?: ImageReceipt
  /** The edits that made `files`; edits of other files are not looked at. */
  readonly edits: readonly Edit[]
  readonly changes: readonly Pick<Change, 'name' | 'from' | 'to' | 'because' | 'fixes'>[]
  readonly origins: readonly ReceiptOrigin[]
  readonly advisories: Receipt['advisories']
  readonly verification: Receipt['verification']
}

export interface SealedReceipt {
  /** Relative to the target: `.suture/receipts/<YYYYMMDD-HHMMSS>-<8 hex digits of the content>.json`. */
  readonly path: string
  /** The file's text: a DSSE envelope. */
  readonly text: string
}

/** What was done, without secrets. */
export function makeReceipt(input: ReceiptInput): Receipt {
  return withoutSecretsIn({
    tool: { name: 'suture', version: input.toolVersion },
    created: `${input.now().toISOString().slice(0, 19)}Z`,
    target: input.target,
    files: input.files.map(({ path, before, beforeSha256, afterSha256 }) => {
      return { path, beforeSha256, afterSha256, edits: receiptEdits(before, editsOf(path, input.edits)) }
    }),
    ...(input.image === undefined ? {} : { image: input.image }),
    changes: input.changes.map(({ name, from, to, because, fixes }) => {
      return { name, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), because, fixes }
    }),
    origins: input.origins,
    advisories: input.advisories,
    verification: input.verification,
  })
}

/** Puts a receipt into an in-toto statement and a DSSE envelope, signed when there is a key. */
export function sealReceipt(receipt: Receipt, signer?: SigningKey): SealedReceipt {
  const payload = JSON.stringify({
    _type: STATEMENT_TYPE,
    subject: subjectOf(receipt),
    predicateType: PREDICATE_TYPE,
    predicate: receipt,
  })
  const time = receipt.created.replace(/[-:Z]/g, '').replace('T', '-')
  return { path: `${RECEIPTS_FOLDER}/${time}-${contentIdOf(payload)}.json`, text: seal(payload, PAYLOAD_TYPE, signer) }
}

/** What the statement is about: the files after the change, or the image as it is now. */
export function subjectOf({ files, image }: Receipt): { name: string; digest: { sha256: string } }[] {
  const subject = files.map(({ path, afterSha256 }) => ({ name: path, digest: { sha256: afterSha256 } }))
  return image === undefined
    ? subject
    : [...subject, { name: image.to.reference, digest: { sha256: image.to.digest.slice('sha256:'.length) } }]
}

/** The first 8 hex digits of the content's SHA-256, which its file is named by. */
export function contentIdOf(payload: string | Uint8Array): string {
  return digestOf(payload).slice(0, 8)
}
