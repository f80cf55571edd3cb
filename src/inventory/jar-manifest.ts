/**
 * Which artifact an archive without Maven's own files is, from its manifest (JAR file specification, "JAR manifest") and its file name.
 * The group is said only where the manifest implies it; a group that was guessed would match advisories of other packages.
 */
import { isPlain } from './installed-package.ts'

export interface ManifestIdentity {
  readonly group?: string
  readonly artifact: string
  readonly version: string
}

const VERSION_KEYS = ['implementation-version', 'bundle-version', 'specification-version'] as const

/** `path` is the archive's: `lib/commons-lang3-3.9.jar`. Undefined where nothing says a version, or a name. */
export function manifestIdentity(manifest: string, path: string): ManifestIdentity | undefined {
  const values = mainAttributes(manifest)
  const file = path.slice(path.lastIndexOf('/') + 1).replace(/\.\w+$/, '')
  // Maven and Gradle name files `artifact-version`; a version begins with a digit.
  const [, fileArtifact, fileVersion] = /^([A-Za-z][\w.]*(?:-[A-Za-z_][\w.]*)*)-(\d[\w.+-]*)$/.exec(file) ?? []
  const version = fileVersion ?? VERSION_KEYS.map(key => values.get(key)).find(value => isPlain(value) && /^\d/.test(value))
  const artifact = fileArtifact ?? (/^[A-Za-z][\w.-]*$/.test(file) ? file : undefined)
  if (!isPlain(version) || !isPlain(artifact)) return undefined
  const group = groupOf(artifact, values)
  return group === undefined ? { artifact, version } : { group, artifact, version }
}

/**
 * The bundle plug-in makes a symbolic name of group and artifact: joined by a dot, where the artifact does not begin with the group's
 * last part (`org.apache.commons` and `commons-lang3` give `org.apache.commons.lang3`).
 */
function groupOf(artifact: string, values: ReadonlyMap<string, string>): string | undefined {
  const symbolic = values.get('bundle-symbolicname')?.split(';')[0]?.trim() ?? ''
  if (symbolic.endsWith(`.${artifact}`)) return asGroup(symbolic.slice(0, -artifact.length - 1))
  const dash = artifact.indexOf('-')
  const [first, rest] = dash < 0 ? [artifact, ''] : [artifact.slice(0, dash), artifact.slice(dash + 1)]
  if (rest !== '' && symbolic.endsWith(`.${first}.${rest}`)) return asGroup(symbolic.slice(0, -rest.length - 1))
  return asGroup(values.get('implementation-vendor-id') ?? '')
}

function asGroup(text: string): string | undefined {
  return text.length <= 128 && /^[A-Za-z]\w*(?:\.[\w-]+)+$/.test(text) ? text : undefined
}

/** Attributes up to the first empty line, names in small letters; a line that begins with a blank continues the one before. */
function mainAttributes(manifest: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  const [main = ''] = manifest.split(/\r?\n\r?\n/, 1)
  for (const line of main.replace(/\r?\n /g, '').split(/\r?\n/)) {
    const colon = line.indexOf(': ')
    if (colon > 0) values.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 2).trim())
  }
  return values
}
