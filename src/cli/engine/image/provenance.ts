import { packageKey } from '../../../ecosystems/deb/package.ts'
import type { PackageUpgrade } from '../../../ecosystems/deb/patch/patch.ts'
import type { PackageProvenance } from '../../../model/receipt.ts'

/** Which archive a package came in, and which signed index says so. */
export function provenanceOf({ from, to }: PackageUpgrade): PackageProvenance {
  const { uri, suite, codename, component, architecture, indexSha256, inReleaseSha256, date } = to.suite
  return {
    package: packageKey(to),
    ...(from === undefined ? {} : { from: from.version }),
    to: to.version,
    archive: { uri, filename: to.filename, size: to.size, sha256: to.sha256 },
    index: { suite, codename, component, architecture, sha256: indexSha256, inReleaseSha256, date },
  }
}
