import { z } from 'zod'
import { sha256FromHex } from '../model/digest.ts'
import { blobDigest } from '../model/image.ts'
import type { Receipt } from '../model/receipt.ts'
import { PREDICATE_TYPE, STATEMENT_TYPE } from './receipt.ts'

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .transform(sha256FromHex)
const path = z.string().refine(value => value !== '' && !/^([a-z]:|[/\\])/i.test(value) && !value.split(/[/\\]/).includes('..'))
const text = z.string()

const blob = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .transform(blobDigest)
const inside = z.string().refine(value => value !== '' && !value.startsWith('/') && !value.split('/').includes('..'))
const size = z.int().min(0)

const provenance = z.object({
  package: text,
  from: text.exactOptional(),
  to: text,
  archive: z.object({ uri: text, filename: inside, size, sha256 }),
  index: z.object({ suite: text, codename: text, component: text, architecture: text, sha256, inReleaseSha256: sha256, date: text }),
})

const platform = z.object({
  platform: text,
  manifestBefore: blob,
  manifestAfter: blob,
  layer: z.object({ digest: blob, diffId: blob, size }),
  replaced: size,
  skippedScripts: z.array(text),
  files: z.array(
    z.object({
      path: inside,
      before: sha256.exactOptional(),
      after: sha256.exactOptional(),
      package: text.exactOptional(),
      because: z.enum(['content', 'removed', 'database', 'trigger']),
    }),
  ),
  packages: z.array(provenance),
})

const image = z.object({
  from: z.object({ reference: text, digest: blob }),
  to: z.object({
    reference: text,
    digest: blob,
    before: z.object({ mediaType: text, digest: blob, size }).exactOptional(),
  }),
  documents: z.record(text, z.object({ mediaType: text, base64: z.base64() })),
  platforms: z.array(platform),
})

const predicate = z.object({
  tool: z.object({ name: z.literal('suture'), version: text }),
  created: z.iso.datetime(),
  target: text,
  files: z.array(
    z.object({
      path,
      beforeSha256: sha256,
      afterSha256: sha256,
      edits: z.array(z.object({ start: z.int().min(0), removed: text, inserted: text, key: z.array(text), left: text, right: text })),
    }),
  ),
  image: image.exactOptional(),
  changes: z.array(z.object({ name: text, from: text.exactOptional(), to: text.exactOptional(), because: text, fixes: z.array(text) })),
  origins: z.array(z.object({ name: text, version: text, metadataSha256: sha256, integrity: text.exactOptional() })),
  advisories: z.object({ hash: text, newest: text }),
  verification: z.array(z.object({ check: text, result: z.enum(['passed', 'skipped']), detail: text })),
}) satisfies z.ZodType<Receipt>

/** The envelope as it is read back (github.com/secure-systems-lab/dsse, envelope.md). */
export const Envelope = z.object({
  payload: z.base64(),
  payloadType: z.string(),
  signatures: z.array(z.object({ keyid: z.string().optional(), sig: z.base64() })),
})

/** The in-toto statement as it is read back. */
export const Statement = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.object({ name: text, digest: z.object({ sha256 }) })),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate,
})
