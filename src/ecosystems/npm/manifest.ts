/** The root's package.json: what the project itself asks for. */
import { Fault } from '../../model/faults.ts'
import { JsonObject, readJsonSource, toValue } from '../../text/json-source.ts'
import { nodeRange, optionalPeers, ownName, type Place, ranges } from './lock-fields.ts'
import { type OverrideRule, readOverrides } from './overrides.ts'

export interface Manifest {
  readonly file: string
  readonly text: string
  readonly root: JsonObject
  readonly name: string
  readonly dependencies: ReadonlyMap<string, string>
  readonly optionalDependencies: ReadonlyMap<string, string>
  readonly devDependencies: ReadonlyMap<string, string>
  readonly peerDependencies: ReadonlyMap<string, string>
  readonly optionalPeers: ReadonlySet<string>
  readonly overrides: readonly OverrideRule[]
  readonly node: string | undefined
  /** Patterns of workspace folders. */
  readonly workspaces: readonly string[]
  /** Names that the project bundles into its own archive. */
  readonly bundled: readonly string[]
}

/** Bounds, far above any manifest that a person wrote. */
const MAX_MANIFEST_LENGTH = 8 * 1024 * 1024
const MAX_NODES = 200_000

/** Faults: `manifest-invalid`, `json-*`, `file-too-large`. */
export function readManifest(file: string, source: string): Manifest {
  if (source.length > MAX_MANIFEST_LENGTH)
    throw new Fault('file-too-large', `${file} is larger than ${MAX_MANIFEST_LENGTH / 1024 / 1024} MiB.`)
  const root = readJsonSource(source, { file, maxNodes: MAX_NODES })
  if (!(root instanceof JsonObject)) throw new Fault('manifest-invalid', `${file} is not a JSON object.`)
  const place: Place = { file, location: '', code: 'manifest-invalid' }
  const section = (key: string) => ranges(place, root, key)
  const dependencies = section('dependencies')
  const optionalDependencies = section('optionalDependencies')
  const devDependencies = section('devDependencies')
  const peerDependencies = section('peerDependencies')
  const overrides = root.get('overrides')
  const referenced = (name: string) =>
    devDependencies.get(name) ?? optionalDependencies.get(name) ?? dependencies.get(name) ?? peerDependencies.get(name)
  return {
    file,
    text: source,
    root,
    name: ownName(place, root) ?? '',
    dependencies,
    optionalDependencies,
    devDependencies,
    peerDependencies,
    optionalPeers: optionalPeers(root),
    overrides: overrides === undefined ? [] : readOverrides(toValue(overrides), referenced),
    bundled: bundledNames(root),
    workspaces: workspacePatterns(root),
    node: nodeRange(place, root),
  }
}

function bundledNames(root: JsonObject): readonly string[] {
  const list = root.get('bundleDependencies') ?? root.get('bundledDependencies')
  if (list?.kind === 'array') return list.items.flatMap(item => (item.kind === 'string' ? [item.value] : []))
  const dependencies = root.get('dependencies')
  return list?.kind === 'boolean' && list.value && dependencies instanceof JsonObject ? dependencies.members.map(({ key }) => key) : []
}

function workspacePatterns(root: JsonObject): readonly string[] {
  const workspaces = root.get('workspaces')
  const list = workspaces instanceof JsonObject ? workspaces.get('packages') : workspaces
  return list?.kind === 'array' ? list.items.flatMap(item => (item.kind === 'string' ? [item.value] : [])) : []
}
