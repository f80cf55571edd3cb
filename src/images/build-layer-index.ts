/**
 * Builds a layer's index from its entries in the order of the archive, as extracting them would: a later entry replaces an earlier one,
 * a hard link takes what its target is at that moment, and entries below a symbolic link of the same layer land where it leads.
 * Whiteouts hide what lower layers brought, never what stands in the same layer (OCI image layer specification, "Whiteouts").
 */
import { Fault } from '../model/faults.ts'
import type { TarEntry } from '../tar/entry.ts'
import { quoted } from '../tar/entry.ts'
import { pathOrder, sortsByUnits } from '../tar/path-bytes.ts'
import type { ContentExtract, LayerIndex } from './layer-index.ts'
import { DIGEST_LENGTH, DIRECTORY, ENTRY_TYPES, FILE, folderOf, IMPLIED, LOWER_LINK, NO_CONTENT, SYMLINK } from './layer-index.ts'
import type { Taken } from './take-content.ts'
import { OPAQUE, WHITEOUT } from './tar/write.ts'

const LOWEST_META = '.wh..wh.'
const MOST_REPLACED_FOLDERS = 64
const MOST_LINKS_FOLLOWED = 40
const MOST_IMPLIED = 2_000_000

interface Slot {
  type: number
  mode: number
  uid: number
  gid: number
  mtime: number
  content: number
  target: string | undefined
  xattrs: Readonly<Record<string, string>> | undefined
}

export class LayerIndexBuilder {
  readonly #name: string
  readonly #slots = new Map<string, Slot>()
  readonly #whiteouts = new Set<string>()
  readonly #opaque = new Set<string>()
  readonly #blocks: number[] = []
  readonly #sizes: number[] = []
  readonly #digests: Uint8Array[] = []
  readonly #kept = new Map<number, Uint8Array>()
  readonly #extracts: ContentExtract[] = []
  /** Folders as entries name them → where they truly are. */
  readonly #folders = new Map<string, string>()
  #implied = 0
  #unitOrder = true
  #replacedFolders = 0

  /** `name` tells the layer in messages. */
  constructor(name: string) {
    this.#name = name
  }

  /** Faults: `layer-invalid`. */
  entry(entry: TarEntry): void {
    if (entry.path === '') return
    const slash = entry.path.lastIndexOf('/')
    const name = entry.path.slice(slash + 1)
    const folder = entry.path.slice(0, Math.max(0, slash))
    if (name.startsWith(WHITEOUT)) {
      this.#whiteout(folder, name)
      if (entry.type === 'file') this.#content(entry)
      return
    }
    const real = this.#realFolder(folder)
    const path = real === folder ? entry.path : joined(real, name)
    if (this.#unitOrder && !sortsByUnits(path)) this.#unitOrder = false
    const slot = this.#slotOf(entry, path)
    const before = this.#slots.get(path)
    if (before !== undefined) this.#replaces(path, before, slot)
    this.#slots.set(path, slot)
  }

  /** What was taken from the last entry's content. */
  taken({ kept, extract, digest }: Taken): void {
    const content = this.#blocks.length - 1
    if (kept !== undefined) this.#kept.set(content, kept)
    if (extract !== undefined) this.#extracts.push({ content, ...extract })
    if (digest !== undefined) this.#digests[content] = digest
  }

  /** Faults: `layer-invalid` where an entry stands below a file, or links turn in a circle. */
  finish(withDigests: boolean): LayerIndex {
    const paths = [...this.#slots.keys()]
    if (this.#unitOrder) paths.sort()
    else paths.sort(pathOrder(false))
    const slots = paths.map(path => this.#slots.get(path))
    const targets = new Map<number, string>()
    const xattrs = new Map<number, Readonly<Record<string, string>>>()
    const columns = {
      types: new Uint8Array(paths.length),
      modes: new Uint16Array(paths.length),
      uids: new Uint32Array(paths.length),
      gids: new Uint32Array(paths.length),
      mtimes: new Float64Array(paths.length),
      contents: new Uint32Array(paths.length),
    }
    for (const [at, slot] of slots.entries()) {
      if (slot === undefined) continue
      columns.types[at] = slot.type
      columns.modes[at] = slot.mode
      columns.uids[at] = slot.uid
      columns.gids[at] = slot.gid
      columns.mtimes[at] = slot.mtime
      columns.contents[at] = slot.content
      if (slot.target !== undefined) targets.set(at, slot.target)
      if (slot.xattrs !== undefined) xattrs.set(at, slot.xattrs)
    }
    const extracts = this.#extracts
    return {
      paths,
      unitOrder: this.#unitOrder,
      ...columns,
      targets,
      xattrs,
      whiteouts: [...this.#whiteouts].sort(pathOrder(false)),
      opaque: [...this.#opaque].sort(pathOrder(false)),
      contentBlocks: Uint32Array.from(this.#blocks),
      contentSizes: Float64Array.from(this.#sizes),
      ...(withDigests ? { digests: joinedDigests(this.#digests, this.#blocks.length) } : {}),
      kept: this.#kept,
      extracts: () => extracts,
    }
  }

  #invalid(what: string): Fault {
    return new Fault('layer-invalid', `${this.#name} cannot be used: ${what}.`)
  }

  #whiteout(folder: string, name: string): void {
    if (name === OPAQUE) this.#opaque.add(folder)
    // Marks of the storage driver that invented whiteouts; every runtime passes over them.
    else if (!name.startsWith(LOWEST_META)) {
      const hidden = name.slice(WHITEOUT.length)
      if (hidden === '' || hidden === '.' || hidden === '..') throw this.#invalid(`the whiteout ${quoted(name)} hides no name`)
      this.#whiteouts.add(folder === '' ? hidden : `${folder}/${hidden}`)
    }
  }

  #content({ offset, size }: TarEntry): number {
    this.#sizes.push(size)
    return this.#blocks.push(offset / 512) - 1
  }

  #replaces(path: string, before: Slot, slot: Slot): void {
    const wasFolder = before.type === DIRECTORY || before.type === IMPLIED
    if (wasFolder && slot.type !== DIRECTORY) {
      this.#emptyFolder(path)
      this.#folders.clear()
    } else if (before.type === SYMLINK) this.#folders.clear()
  }

  #slotOf(entry: TarEntry, path: string): Slot {
    const { mode, uid, gid, mtime, xattrs } = entry
    if (entry.type === 'file') {
      return { type: FILE, mode, uid, gid, mtime, content: this.#content(entry), target: undefined, xattrs }
    }
    if (entry.type !== 'hardlink') {
      return { type: ENTRY_TYPES.indexOf(entry.type), mode, uid, gid, mtime, content: NO_CONTENT, target: entry.target, xattrs }
    }
    const target = entry.target ?? ''
    if (target === path) throw this.#invalid(`${quoted(target)} is a hard link to itself`)
    const behind = joined(this.#folders.get(folderOf(target)) ?? '', target.slice(target.lastIndexOf('/') + 1))
    const linked = this.#slots.get(target) ?? this.#slots.get(behind)
    if (linked === undefined || linked.type === LOWER_LINK) {
      return { type: LOWER_LINK, mode, uid, gid, mtime, content: NO_CONTENT, target: linked?.target ?? target, xattrs }
    }
    if (linked.type === DIRECTORY || linked.type === IMPLIED) throw this.#invalid(`${quoted(entry.path)} is a hard link to a folder`)
    return linked.type === SYMLINK ? linked : { ...linked, target: linked.target ?? target }
  }

  /** A folder that becomes something else loses what was in it; rare, and bounded because each costs a look at every entry. */
  #emptyFolder(path: string): void {
    if (++this.#replacedFolders > MOST_REPLACED_FOLDERS) throw this.#invalid('it replaces its own folders again and again')
    for (const other of this.#slots.keys()) if (other.startsWith(`${path}/`)) this.#slots.delete(other)
  }

  /** Where a folder truly is. It is implied where nothing names it; a link of this layer leads on. */
  #realFolder(folder: string, links = 0): string {
    if (folder === '') return ''
    const known = this.#folders.get(folder)
    if (known !== undefined) return known
    const slash = folder.lastIndexOf('/')
    const path = joined(this.#realFolder(slash < 0 ? '' : folder.slice(0, slash), links), folder.slice(slash + 1))
    const slot = this.#slots.get(path)
    let real = path
    if (slot === undefined) {
      if (++this.#implied > MOST_IMPLIED) throw new Fault('layer-too-large', `${this.#name} has too many folders that it does not name.`)
      this.#slots.set(path, {
        type: IMPLIED,
        mode: 0o755,
        uid: 0,
        gid: 0,
        mtime: 0,
        content: NO_CONTENT,
        target: undefined,
        xattrs: undefined,
      })
    } else if (slot.type === SYMLINK) {
      if (links >= MOST_LINKS_FOLLOWED) throw this.#invalid(`links at ${quoted(path)} turn in a circle`)
      real = this.#realFolder(resolved(folderOf(path), slot.target ?? ''), links + 1)
    } else if (slot.type !== DIRECTORY && slot.type !== IMPLIED) {
      throw this.#invalid(`it has entries below ${quoted(path)}, which is no folder`)
    }
    this.#folders.set(folder, real)
    return real
  }
}

function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

/** A link's target as a path from the root; what would lead out of the root stays at it. */
function resolved(folder: string, target: string): string {
  const parts = target.startsWith('/') || folder === '' ? [] : folder.split('/')
  for (const part of target.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}

function joinedDigests(digests: readonly Uint8Array[], count: number): Uint8Array {
  const all = new Uint8Array(count * DIGEST_LENGTH)
  for (const [at, digest] of digests.entries()) all.set(digest, at * DIGEST_LENGTH)
  return all
}
