/**
 * A Debian binary package as a stanza tells of it: an installed one (dpkg's status or status.d) or an offered one (an index of a
 * repository). Field names and meanings: Debian policy 5 and 7, deb-control(5).
 */
import type { Sha256 } from '../../model/digest.ts'

/** One alternative of a relation: `libc6 (>= 2.36)`, `perl:any`, `foo [amd64]`. */
export interface Relation {
  readonly name: string
  /** `any`, `native` or an architecture, where the relation says one. */
  readonly architecture?: string
  readonly operator?: '<<' | '<=' | '=' | '>=' | '>>'
  readonly version?: string
}

/** Alternatives joined by `|`: one of them has to hold. */
export type RelationGroup = readonly Relation[]

export interface DebPackage {
  readonly name: string
  readonly version: string
  /** `all` for packages of no architecture. */
  readonly architecture: string
  /** The source package that it is built from; its version differs where the binary was rebuilt (`+b1`) or says so. */
  readonly source: { readonly name: string; readonly version: string }
  readonly multiArch: 'no' | 'same' | 'foreign' | 'allowed'
  readonly essential: boolean
  readonly depends: readonly RelationGroup[]
  readonly preDepends: readonly RelationGroup[]
  readonly breaks: readonly Relation[]
  readonly conflicts: readonly Relation[]
  readonly replaces: readonly Relation[]
  /** Virtual packages, `=` the only operator. */
  readonly provides: readonly Relation[]
  /** The stanza's text exactly as it stands, without the blank line after it. */
  readonly stanza: string
}

export interface InstalledPackage extends DebPackage {
  /** dpkg's `Status` (want, flag, state); undefined in status.d. */
  readonly status?: { readonly want: string; readonly flag: string; readonly state: string }
  /** Path (without leading `/`) of the file that holds the stanza, and the stanza's place in it in UTF-16 code units. */
  readonly file: string
  readonly start: number
  readonly end: number
  /** `/etc/…` path → its recorded MD5 (hex), with dpkg's flags. */
  readonly conffiles: readonly {
    readonly path: string
    readonly md5: string
    readonly obsolete: boolean
    readonly removeOnUpgrade: boolean
  }[]
  /** Index of the image layer that wrote its record last. */
  readonly layer: number
}

export interface OfferedPackage extends DebPackage {
  /** Relative to the repository's root, with its size in bytes and digest, as the signed index states them. */
  readonly filename: string
  readonly size: number
  readonly sha256: Sha256
  readonly suite: OfferingSuite
}

/** The signed index that offers a package. */
export interface OfferingSuite {
  /** Base address of the repository, with a final `/`. */
  readonly uri: string
  /** As the sources name it: `bookworm-security`. */
  readonly suite: string
  readonly codename: string
  /** What the release file calls itself; empty where it does not say. */
  readonly release: { readonly suite: string; readonly version: string; readonly origin: string; readonly label: string }
  readonly component: string
  readonly architecture: string
  /** Holds security updates: its Label or Suite says so. */
  readonly security: boolean
  readonly inReleaseSha256: Sha256
  readonly indexSha256: Sha256
  /** The release file's Date, ISO 8601. */
  readonly date: string
}

/** `name:architecture`: how one package of an image is told from another. */
export function packageKey(item: Pick<DebPackage, 'name' | 'architecture'>): string {
  return `${item.name}:${item.architecture}`
}
