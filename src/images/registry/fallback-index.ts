/** The list of referrers that clients keep under a tag where the registry has no referrers API (OCI distribution specification 1.1). */
import type { RawDocument } from '../../model/image.ts'
import { applyEdits } from '../../text/edits.ts'
import { jsonStyle } from '../../text/json-edits.ts'
import type { JsonValue } from '../../text/json-source.ts'
import { readJsonSource } from '../../text/json-source.ts'
import { editItems } from '../array-edits.ts'
import { memberOf, readManifestOrIndex } from '../manifest.ts'
import { OCI_INDEX } from '../media-types.ts'
import type { RegistryClient } from './client.ts'
import { fallbackTag, readFallback } from './referrers.ts'

const EMPTY = `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[]}`

/** Adds an artefact to its subject's list, where it is not there yet. Nothing is done for a manifest without a subject. */
export async function listReferrer(client: RegistryClient, manifest: RawDocument): Promise<void> {
  const read = readManifestOrIndex(manifest)
  if (read.kind !== 'manifest' || read.subject === undefined) return
  const { mediaType, digest, size } = manifest.descriptor
  const present = await readFallback(client, read.subject.digest)
  if (present?.manifests.some(descriptor => descriptor.digest === digest) === true) return
  const text = present?.text ?? EMPTY
  const root = readJsonSource(text)
  const manifests = root.kind === 'object' ? memberOf(root, 'manifests') : undefined
  if (manifests?.kind !== 'array') return
  const artifactType = read.artifactType ?? read.config.mediaType
  const annotations: JsonValue = { ...read.annotations }
  const item = { mediaType, digest, size, artifactType, ...(Object.keys(read.annotations).length === 0 ? {} : { annotations }) }
  const next = applyEdits(text, editItems(text, manifests, { append: [item] }, jsonStyle(text, root)))
  const answer = await client.call({
    method: 'PUT',
    path: `manifests/${fallbackTag(read.subject.digest)}`,
    headers: { 'content-type': OCI_INDEX },
    body: Buffer.from(next),
    expect: [201],
  })
  await answer.discard()
}
