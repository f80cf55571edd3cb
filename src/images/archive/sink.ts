/**
 * Writes an image as a tar file: an OCI layout and, for docker load, `manifest.json` beside it. The file is written beside and takes its
 * place by a rename. The same image gives the same file.
 */
import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { Fault } from '../../model/faults.ts'
import type { BlobDigest, ImageSink, ImageToWrite } from '../../model/image.ts'
import { removeLeftovers, writeWhole } from '../layout/blob-files.ts'
import { CONTAINERD_NAME, EMPTY_INDEX, REF_NAME, withRoot } from '../layout/index-json.ts'
import { allBlobs, artefactOf } from '../layout/sink.ts'
import { boundDigest, readManifestOrIndex } from '../manifest.ts'
import { isManifestOrIndex } from '../media-types.ts'
import type { ArchiveReference } from '../reference.ts'
import { printReference } from '../reference.ts'
import { contentOf } from '../to-write.ts'
import { archiveSource } from './source.ts'
import { tarEnd, tarHeader, tarPadding } from './tar-file.ts'

export interface ArchiveSinkOptions {
  readonly scratch: string
  /** Where `-` goes. */
  readonly stdout: (chunk: Uint8Array) => Promise<void>
}

/** Faults: `image-write-failed`, and those of the sources that blobs are taken from. */
export function archiveSink(reference: ArchiveReference, { scratch, stdout }: ArchiveSinkOptions): ImageSink {
  const written = printReference(reference)
  return {
    reference: written,
    async write(image) {
      const before = reference.file === '-' ? undefined : await digestBefore(reference, scratch)
      const blobs = allBlobs(image)
      const chunks = archiveChunks(image, reference)
      if (reference.file !== '-') {
        // Before: what was left may be what the disk has no room beside.
        await removeLeftovers(dirname(reference.file))
        await writeWhole(reference.file, chunks)
      } else for await (const chunk of chunks) await stdout(chunk)
      const bytesWritten = blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0)
      const { digest } = image.root.descriptor
      return { reference: written, digest, bytesWritten, blobsWritten: blobs.length, ...(before === undefined ? {} : { before }) }
    },
  }
}

async function* archiveChunks(image: ImageToWrite, reference: ArchiveReference): AsyncGenerator<Uint8Array, void, undefined> {
  yield* smallFile('oci-layout', '{"imageLayoutVersion":"1.0.0"}')
  const blobs = [...allBlobs(image)].sort((a, b) => (a.descriptor.digest < b.descriptor.digest ? -1 : 1))
  for (const blob of blobs) {
    const { digest, size } = blob.descriptor
    yield tarHeader(`blobs/sha256/${digest.slice('sha256:'.length)}`, size)
    const hash = createHash('sha256')
    for await (const chunk of contentOf(blob)) {
      hash.update(chunk)
      yield chunk
    }
    const found = `sha256:${hash.digest('hex')}`
    if (found !== digest) throw new Fault('image-digest-mismatch', `${digest} is in truth ${found}.`)
    yield tarPadding(size)
  }
  yield* smallFile('index.json', indexJson(image, reference))
  if (reference.format === 'docker') yield* smallFile('manifest.json', dockerManifest(image, reference.tag))
  yield tarEnd()
}

function indexJson(image: ImageToWrite, { format, tag }: ArchiveReference): string {
  const artefacts = image.referrers.map(artefactOf)
  const { descriptor } = image.root
  if (format === 'oci' || tag === undefined) return withRoot(Buffer.from(EMPTY_INDEX), descriptor, tag, 'the archive', artefacts).text
  const { mediaType, digest, size } = descriptor
  const short = /:([A-Za-z0-9_][A-Za-z0-9._-]*)$/.exec(tag)?.[1] ?? 'latest'
  const annotations = { [CONTAINERD_NAME]: tag, [REF_NAME]: short }
  const root = { mediaType, digest, size, annotations }
  const index = EMPTY_INDEX.replace('"manifests":[]', `"manifests":[${JSON.stringify(root)}]`)
  return artefacts.length === 0 ? index : withRoot(Buffer.from(index), descriptor, short, 'the archive', artefacts).text
}

/** Every image that the root leads to; the name is the first one's. */
function dockerManifest(image: ImageToWrite, name: string | undefined): string {
  const documents = new Map([...image.documents, image.root].map(document => [document.descriptor.digest, document]))
  const items: { Config: string; RepoTags: readonly string[] | null; Layers: readonly string[] }[] = []
  const visit = (digest: BlobDigest): void => {
    const document = documents.get(digest)
    if (document === undefined || !isManifestOrIndex(document.descriptor)) return
    const read = readManifestOrIndex(document)
    if (read.kind === 'index') {
      for (const child of read.manifests) if (boundDigest(child) === undefined) visit(child.digest)
      return
    }
    const path = (of: { readonly digest: BlobDigest }): string => `blobs/sha256/${of.digest.slice('sha256:'.length)}`
    const tags = name !== undefined && items.length === 0 ? [/:[^/]+$/.test(name) ? name : `${name}:latest`] : null
    items.push({ Config: path(read.config), RepoTags: tags, Layers: read.layers.map(path) })
  }
  visit(image.root.descriptor.digest)
  return JSON.stringify(items)
}

function* smallFile(name: string, text: string): Generator<Uint8Array> {
  const bytes = Buffer.from(text)
  yield tarHeader(name, bytes.length)
  yield bytes
  yield tarPadding(bytes.length)
}

/** What the file held, as far as it can be read; a file that cannot is replaced like any other. */
async function digestBefore(reference: ArchiveReference, scratch: string): Promise<BlobDigest | undefined> {
  const source = archiveSource(reference, { scratch, stdin: nothing() })
  try {
    return (await source.root()).descriptor.digest
  } catch {
    return undefined
  } finally {
    await source.close()
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
