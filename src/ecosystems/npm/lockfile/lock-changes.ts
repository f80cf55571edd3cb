/** What is to change in a lockfile. Paths are install paths: `node_modules/a/node_modules/@s/b`, `packages/x/node_modules/y`. */
export interface LockChanges {
  /** Entries that are new or become another version. */
  readonly set: ReadonlyMap<string, EntrySpec>
  /** Entries that go, with everything nested in them. */
  readonly remove: ReadonlySet<string>
  /** Entries that stay as they are but for these flags; each flag that is not true goes. */
  readonly flags: ReadonlyMap<string, EntryFlags>
  /** Ranges in the lock's copy of a manifest. */
  readonly manifests?: readonly ManifestRange[]
}

export interface EntrySpec {
  readonly version: string
  /** The package's own name, where it may differ from the last part of the path (aliases). */
  readonly name?: string
  /** The registry's description of this version, as it came. */
  readonly manifest: RawManifest
  readonly flags: EntryFlags
  /** `inside`: it travels in another package's archive, so it has no address of its own; `by-project`: the project will bundle it; `no-longer`: it did. */
  readonly bundled?: 'inside' | 'by-project' | 'no-longer'
  /** Ranges that overrides replaced; versions 1 and 2 repeat these under `requires`. */
  readonly overridden?: ReadonlyMap<string, string>
}

export type RawManifest = Readonly<Record<string, unknown>>

export interface EntryFlags {
  readonly dev?: boolean | undefined
  readonly optional?: boolean | undefined
  readonly peer?: boolean | undefined
  readonly devOptional?: boolean | undefined
}

export const FLAGS = ['dev', 'optional', 'peer', 'devOptional'] as const

export interface ManifestRange {
  /** The folder of the manifest: `''` for the root. */
  readonly path: string
  readonly section: 'dependencies' | 'devDependencies' | 'optionalDependencies' | 'peerDependencies'
  readonly name: string
  readonly range: string
}
