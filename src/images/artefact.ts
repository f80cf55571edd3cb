/** A document that refers to an image, as a manifest of its own (OCI image specification 1.1, "guidelines for artifact usage"). */
import type { Descriptor, ImageToWrite } from '../model/image.ts'
import { OCI_MANIFEST } from './media-types.ts'
import { digestOf } from './verified-bytes.ts'

const EMPTY = Buffer.from('{}')
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json'
const TITLE = 'org.opencontainers.image.title'

export interface ArtefactContent {
  /** The document's media type, and the artefact's. */
  readonly mediaType: string
  /** What tools that pull the document call its file. */
  readonly name: string
  readonly text: string
}

/** No clock: the same document about the same image gives the same digest. */
export function artefactFor(subject: Descriptor, { mediaType: type, name, text }: ArtefactContent): ImageToWrite['referrers'][number] {
  const content = Buffer.from(text)
  const config = { mediaType: EMPTY_TYPE, digest: digestOf(EMPTY), size: EMPTY.length }
  const layer = { mediaType: type, digest: digestOf(content), size: content.length, annotations: { [TITLE]: name } }
  const { mediaType, digest, size } = subject
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: type,
      config,
      layers: [layer],
      subject: { mediaType, digest, size },
    }),
  )
  return {
    manifest: { descriptor: { mediaType: OCI_MANIFEST, digest: digestOf(manifest), size: manifest.length }, bytes: manifest },
    blobs: [
      { descriptor: config, bytes: EMPTY },
      { descriptor: layer, bytes: content },
    ],
  }
}
