/** The media types of image parts, in the two families that are in use: OCI, and Docker's image manifest version 2, schema 2. */
import type { Descriptor } from '../model/image.ts'

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar'
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json'
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar'

/** What a request for a manifest accepts, best first. */
export const MANIFEST_TYPES: readonly string[] = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST]

export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST
}

/** Whether the part is stored among manifests (and not among blobs) in a registry. */
export function isManifestOrIndex({ mediaType }: Descriptor): boolean {
  return isIndexType(mediaType) || isManifestType(mediaType)
}

/** Whether a manifest with this config can be an image: its types, and the ones that old registries give it. */
export function isImageConfig({ mediaType }: Descriptor): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG || mediaType === '' || mediaType === 'application/octet-stream'
}

const OCI_FOREIGN = 'application/vnd.oci.image.layer.nondistributable.v1.tar'
const OCI_DOCUMENTS: ReadonlyMap<string, string> = new Map([
  [DOCKER_LIST, OCI_INDEX],
  [DOCKER_MANIFEST, OCI_MANIFEST],
  [DOCKER_CONFIG, OCI_CONFIG],
])

/** OCI's type for what Docker's family calls otherwise; any other type is itself. */
export function ociTypeOf(mediaType: string): string {
  const document = OCI_DOCUMENTS.get(mediaType)
  if (document !== undefined) return document
  const layer = /^application\/vnd\.docker\.image\.rootfs\.(foreign\.)?diff\.tar(?:\.(gzip|zstd))?$/.exec(mediaType)
  if (layer === null) return mediaType
  const [, foreign, packed] = layer
  return `${foreign === undefined ? OCI_LAYER : OCI_FOREIGN}${packed === undefined ? '' : `+${packed}`}`
}

/** The type of a gzip layer in a manifest of this type. */
export function gzipLayerType(manifestType: string): string {
  return manifestType === DOCKER_MANIFEST ? `${DOCKER_LAYER}.gzip` : `${OCI_LAYER}+gzip`
}

/** Whether a layer is stored as a plain tar. */
export function isPlainTar(mediaType: string): boolean {
  return mediaType === OCI_LAYER || mediaType === DOCKER_LAYER || mediaType === OCI_FOREIGN
}
