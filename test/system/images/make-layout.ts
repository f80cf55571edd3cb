/** OCI layouts from tar archives, as any builder writes them, without Suture's own code. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'

export interface LayoutOptions {
  readonly architecture?: string
  readonly compression?: 'gzip' | 'zstd' | 'none'
  readonly tag?: string
}

interface Stored {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** Writes the layout and returns its reference. */
export function makeLayout(folder: string, tars: readonly string[], options: LayoutOptions = {}): string {
  const { architecture = 'amd64', compression = 'gzip', tag = 'latest' } = options
  const blobs = join(folder, 'blobs', 'sha256')
  mkdirSync(blobs, { recursive: true })
  const put = (bytes: Uint8Array, mediaType: string): Stored => {
    const hex = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(blobs, hex), bytes)
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
  }
  const squeeze = {
    gzip: (bytes: Uint8Array) => gzipSync(bytes),
    zstd: (bytes: Uint8Array) => zstdCompressSync(bytes),
    none: (bytes: Uint8Array) => bytes,
  }
  const suffix = { gzip: '+gzip', zstd: '+zstd', none: '' }[compression]
  const diffIds: string[] = []
  const layers = tars.map(tar => {
    const bytes = readFileSync(tar)
    diffIds.push(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
    return put(squeeze[compression](bytes), `application/vnd.oci.image.layer.v1.tar${suffix}`)
  })
  const config = put(
    Buffer.from(
      JSON.stringify({
        architecture,
        os: 'linux',
        config: { Cmd: ['bash'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
        rootfs: { type: 'layers', diff_ids: diffIds },
        history: diffIds.map((_, at) => ({ created: '2024-01-01T00:00:00Z', created_by: `layer ${at}` })),
      }),
    ),
    'application/vnd.oci.image.config.v1+json',
  )
  const manifest = put(
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers })),
    'application/vnd.oci.image.manifest.v1+json',
  )
  const annotations = { 'org.opencontainers.image.ref.name': tag }
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }))
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  return `oci:${folder}:${tag}`
}
