/** The layer while it is being made: one entry a path, each with where it came from; sorted and completed at the end. */
import { createHash } from 'node:crypto'
import { type Sha256, sha256FromHex } from '../../../model/digest.ts'
import type { EntryFacts, FileProvenance, ImageFile, ImageFiles, Layer, LayerEntry } from '../../../model/image.ts'

export interface Origin {
  /** `name:architecture` of the package that owns the path. */
  readonly package: string
  readonly because: FileProvenance['because']
}

export class LayerBuilder {
  /** The image without the layer. */
  readonly files: ImageFiles
  readonly #entries = new Map<string, LayerEntry>()
  readonly #origins = new Map<string, Origin>()

  constructor(files: ImageFiles) {
    this.files = files
  }

  put(entry: LayerEntry, origin: Origin): void {
    this.#entries.set(entry.path, entry)
    this.#origins.set(entry.path, origin)
  }

  /** Hides a path; one that the image does not have is not hidden. */
  hide(path: string, origin: Origin): void {
    if (this.files.get(path) === undefined) this.drop(path)
    else this.put({ path, kind: 'whiteout' }, origin)
  }

  drop(path: string): void {
    this.#entries.delete(path)
    this.#origins.delete(path)
  }

  get(path: string): LayerEntry | undefined {
    return this.#entries.get(path)
  }

  entries(): IterableIterator<LayerEntry> {
    return this.#entries.values()
  }

  /** Key of the package that a path of the layer was put there for. */
  ownerOf(path: string): string | undefined {
    return this.#origins.get(path)?.package
  }

  /** What is at a path once the layer lies on the image. */
  exists(path: string): boolean {
    const entry = this.#entries.get(path)
    return entry === undefined ? this.files.get(path) !== undefined : entry.kind !== 'whiteout'
  }

  /** Names directly under a folder once the layer lies on the image, sorted. */
  children(path: string): string[] {
    const under = path === '' ? '' : `${path}/`
    const names = new Set(this.files.children(path))
    for (const [place, { kind }] of this.#entries) {
      if (!place.startsWith(under) || place.indexOf('/', under.length) >= 0) continue
      if (kind === 'whiteout') names.delete(place.slice(under.length))
      else names.add(place.slice(under.length))
    }
    return [...names].sort()
  }

  /** Contents by path as they are once the layer lies on the image. */
  async read(paths: Iterable<string>): Promise<Map<string, Uint8Array>> {
    const contents = new Map<string, Uint8Array>()
    const unchanged: string[] = []
    for (const path of paths) {
      const entry = this.#entries.get(path)
      const content = entry === undefined ? undefined : this.#contentOf(entry)
      if (entry === undefined) unchanged.push(path)
      else if (content !== undefined) contents.set(path, content)
    }
    if (unchanged.length > 0) for (const [path, content] of await this.files.read(unchanged)) contents.set(path, content)
    return contents
  }

  /** Changes a file's content; its mode and owner stay the image's, or are `facts` where it is new. The same content changes nothing. */
  async write(path: string, content: Uint8Array, facts: EntryFacts, origin: Origin): Promise<void> {
    const before = this.files.get(path)
    if (before?.type === 'file' && before.size === content.length) {
      if ((await this.files.digests([path])).get(path) === sha256(content)) return this.drop(path)
    }
    this.put({ path, kind: 'file', content, ...(before?.type === 'file' ? keptFacts(before, facts.mtime) : facts) }, origin)
  }

  async finish(): Promise<{ readonly layer: Layer; readonly provenance: readonly FileProvenance[] }> {
    this.#dropHiddenByParents()
    this.#addParents()
    const entries = [...this.#entries.values()].sort((a, b) => comparePaths(a.path, b.path))
    const before = await this.files.digests(entries.flatMap(({ path }) => (this.files.get(path)?.type === 'file' ? path : [])))
    const provenance = entries.flatMap(entry => {
      const origin = this.#origins.get(entry.path)
      if (origin === undefined) return []
      const [old, content] = [before.get(entry.path), this.#contentOf(entry)]
      return {
        path: entry.path,
        ...(old !== undefined && { before: old }),
        ...(content !== undefined && { after: sha256(content) }),
        package: origin.package,
        because: origin.because,
      }
    })
    return { layer: { entries }, provenance }
  }

  #contentOf(entry: LayerEntry): Uint8Array | undefined {
    if (entry.kind === 'file') return entry.content
    const target = entry.kind === 'hardlink' ? this.#entries.get(entry.target) : undefined
    return target?.kind === 'file' ? target.content : undefined
  }

  /** What lies below a hidden folder is hidden with it. */
  #dropHiddenByParents(): void {
    for (const [path, entry] of this.#entries) {
      if (entry.kind === 'whiteout' && parentsOf(path).some(parent => this.#entries.get(parent)?.kind === 'whiteout')) this.drop(path)
    }
  }

  /**
   * Tools that unpack a layer by itself make the folders it leaves out as root's with mode 755, and these then cover the image's. So
   * parents that are otherwise are told of.
   */
  #addParents(): void {
    for (const path of [...this.#entries.keys()]) {
      for (const parent of parentsOf(path)) {
        const folder = this.files.get(parent)
        if (folder?.type !== 'directory' || this.#entries.has(parent)) continue
        const { mode, uid, gid, xattrs } = folder
        if (mode === 0o755 && uid === 0 && gid === 0 && xattrs === undefined) continue
        this.#entries.set(parent, { path: parent, kind: 'directory', ...keptFacts(folder, folder.mtime), ...(xattrs && { xattrs }) })
      }
    }
  }
}

/** Mode, owner and capabilities of what is in the image. */
export function keptFacts(file: ImageFile, mtime: number): EntryFacts {
  const capability = file.xattrs?.['security.capability']
  return {
    mode: file.mode,
    uid: file.uid,
    gid: file.gid,
    mtime: Math.max(0, Math.floor(mtime)),
    ...(capability !== undefined && { xattrs: { 'security.capability': capability } }),
  }
}

export function sha256(content: Uint8Array): Sha256 {
  return sha256FromHex(createHash('sha256').update(content).digest('hex'))
}

/** By their bytes in UTF-8. */
export function comparePaths(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function parentsOf(path: string): string[] {
  const parents: string[] = []
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) parents.push(path.slice(0, slash))
  return parents
}
