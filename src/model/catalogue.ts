/** What a registry says about one version; only what planning needs. */
export interface VersionFacts {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  /** Names of peers that may be absent. */
  readonly optionalPeers?: readonly string[]
  readonly bundled?: readonly string[] | true
  readonly node?: string
  readonly deprecated?: true
  readonly hasInstallScript?: true
  readonly hasShrinkwrap?: true
  /** The archive's Subresource Integrity string. */
  readonly integrity?: string
  /** ISO 8601; known only when the whole document was asked for. */
  readonly published?: string
}

export interface PackageFacts {
  readonly name: string
  /** Ascending in the ecosystem's order. */
  readonly versions: readonly VersionFacts[]
  readonly tags: Readonly<Record<string, string>>
}

/** Port: which versions exist and what each needs. */
export interface Catalogue {
  /**
   * Loads what is not yet loaded, several at a time; rejects with a coded fault if any answer is missing or wrong.
   * A package the registry does not have becomes one without versions.
   */
  load(names: Iterable<string>): Promise<void>
  /** Undefined when it was never loaded. */
  get(name: string): PackageFacts | undefined
}
