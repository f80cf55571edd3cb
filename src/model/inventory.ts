import type { Sha256 } from './digest.ts'

/** What is being updated. `id` is what a person would call it: a path or an image reference. */
export interface Target {
  readonly kind: 'repository' | 'image'
  readonly ecosystem: string
  readonly id: string
  /** `os/architecture[/variant]` of an image. */
  readonly platform?: string
}

/**
 * Where a component's content comes from. Only `registry` components can move to another version;
 * `bundled` ones travel inside the archive of the component named by `bundledBy`.
 */
export type Origin = 'registry' | 'git' | 'file' | 'url' | 'workspace' | 'bundled' | 'root'

export type Scope = 'runtime' | 'dev' | 'optional' | 'peer'

/** One installed thing at one place. `location` is unique in its inventory (npm: the install path, `''` for the root). */
export interface Component {
  readonly location: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly scope: Scope
  readonly origin: Origin
  readonly bundledBy?: string
  /** What advisories speak of, where that is not the component itself: a Debian binary's source package, or another ecosystem than the target's. */
  readonly subject?: Subject
  /** Index of the image layer that brought it. */
  readonly layer?: number
}

/** `ecosystem` as OSV names it, with its suffix: `npm`, `Debian:12`. */
export interface Subject {
  readonly ecosystem: string
  readonly name: string
  readonly version: string
  readonly purl: string
}

export type DependencyKind = 'runtime' | 'dev' | 'optional' | 'peer' | 'peer-optional'

/** One declared need: `from` (a location) asks for `name` in `range`; `to` is the location that serves it, if any does. */
export interface Dependency {
  readonly from: string
  readonly name: string
  readonly range: string
  readonly kind: DependencyKind
  readonly to?: string
  /** What is served lies inside the range. False also where nothing is served. */
  readonly met: boolean
}

export interface FileDigest {
  /** Relative to the target, with `/`. */
  readonly path: string
  readonly sha256: Sha256
}

export interface Inventory {
  readonly target: Target
  readonly components: readonly Component[]
  readonly dependencies: readonly Dependency[]
  /** The digest of everything that was read. */
  readonly files: readonly FileDigest[]
}
