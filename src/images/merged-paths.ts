/** Finds paths in merged layers, and where symbolic links lead inside the image. */
import type { LayerIndex } from './layer-index.ts'
import { folderOf, lowerBound, SYMLINK } from './layer-index.ts'
import type { MergedLayers } from './merge-layers.ts'

/** As Linux has it. */
const MOST_LINKS = 40

interface Led {
  readonly path: string
  readonly links: number
}

const ROOT: Led = { path: '', links: 0 }

export class MergedPaths {
  readonly #merged: MergedLayers
  readonly #indexes: readonly LayerIndex[]
  #places: Map<string, number> | undefined
  readonly #folders = new Map<string, Led | undefined>([['', ROOT]])
  #finds = 0

  constructor(merged: MergedLayers, indexes: readonly LayerIndex[]) {
    this.#merged = merged
    this.#indexes = indexes
  }

  /** The place of a path in the merged list. A few questions are answered by searching, many by a table. */
  find(path: string): number | undefined {
    const { paths, order } = this.#merged
    if (this.#places === undefined) {
      if (this.#finds++ < 256) {
        const at = lowerBound(paths, path, order)
        return paths[at] === path ? at : undefined
      }
      const places = new Map<string, number>()
      for (let at = 0; at < paths.length; at++) places.set(paths[at] ?? '', at)
      this.#places = places
    }
    return this.#places.get(path)
  }

  canonical(path: string): string | undefined {
    const parts = path.split('/')
    const last = parts.pop() ?? ''
    if (last === '' || last === '.' || last === '..') return this.followed(path)
    const folder = this.#folder(parts.join('/'))
    if (folder === undefined) return undefined
    return folder.path === '' ? last : `${folder.path}/${last}`
  }

  /** The path at the end of every link, the last part included. */
  followed(path: string): string | undefined {
    return this.#folder(path)?.path
  }

  /** What is in one folder is asked for together: where the folder leads is found out once. */
  #folder(path: string): Led | undefined {
    if (this.#folders.has(path)) return this.#folders.get(path)
    const folder = folderOf(path)
    if (!this.#folders.has(folder)) this.#folders.set(folder, this.#lead(folder, ROOT))
    const from = this.#folders.get(folder)
    const led = from === undefined ? undefined : this.#lead(path.slice(path.lastIndexOf('/') + 1), from)
    this.#folders.set(path, led)
    return led
  }

  #lead(path: string, from: Led): Led | undefined {
    const waiting = path.split('/').reverse()
    let { path: current, links } = from
    for (;;) {
      const part = waiting.pop()
      if (part === undefined) return { path: current, links }
      if (part === '' || part === '.') continue
      if (part === '..') {
        current = folderOf(current)
        continue
      }
      const next = current === '' ? part : `${current}/${part}`
      const target = this.#target(next)
      if (target === undefined) current = next
      else {
        if (++links > MOST_LINKS) return undefined
        if (target.startsWith('/')) current = ''
        waiting.push(...target.split('/').reverse())
      }
    }
  }

  #target(path: string): string | undefined {
    const at = this.find(path)
    if (at === undefined) return undefined
    const index = this.#indexes[this.#merged.layers[at] ?? 0]
    const entry = this.#merged.entries[at] ?? 0
    return index?.types[entry] === SYMLINK ? index.targets.get(entry) : undefined
  }
}
