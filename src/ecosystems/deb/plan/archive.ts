/** What planning asks of the repositories that an image takes its packages from. */
import type { OfferedPackage } from '../package.ts'

/**
 * Port: what the verified indexes offer. Answers are instant and come from memory; only `load` reaches files or a network. Suites that
 * apt would not upgrade from by itself (`NotAutomatic`, such as backports) are left out, except for packages that came from them.
 */
export interface Archive {
  /**
   * Makes the answers about these names available, real and virtual ones: from the security suites, or from every suite. Names that no
   * index knows are no fault.
   */
  load(names: readonly string[], depth: 'security' | 'all'): Promise<void>
  /** All versions of a package that have been loaded, of the image's architectures and `all`. */
  offered(name: string): readonly OfferedPackage[]
  /** Loaded packages of other names that provide this one. */
  providers(name: string): readonly OfferedPackage[]
}
