/** The root's package.json: what the project itself asks for. */
import { Fault } from '../../model/faults.ts'
import { JsonObject, readJsonSource, toValue } from '../../text/json-source.ts'
import { type OverrideRule, readOverrides } from './overrides.ts'
import { ranges, text } from './read-lock.ts'

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
  readonly hasWorkspaces: boolean
}

export function readManifest(file: string, source: string): Manifest {
  const root = readJsonSource(source, { file })
  if (!(root instanceof JsonObject)) throw new Fault('manifest-invalid', `${file} is not a JSON object.`)
  const section = (key: string) => ranges(file, '', root, key)
  const dependencies = section('dependencies')
  const optionalDependencies = section('optionalDependencies')
  const devDependencies = section('devDependencies')
  const peerDependencies = section('peerDependencies')
  const engines = root.get('engines')
  const overrides = root.get('overrides')
  const meta = root.get('peerDependenciesMeta')
  const referenced = (name: string) =>
    devDependencies.get(name) ?? optionalDependencies.get(name) ?? dependencies.get(name) ?? peerDependencies.get(name)
  return {
    file,
    text: source,
    root,
    name: text(file, '', root, 'name') ?? '',
    dependencies,
    optionalDependencies,
    devDependencies,
    peerDependencies,
    optionalPeers: new Set(meta instanceof JsonObject ? meta.members.filter(({ value }) => value instanceof JsonObject && value.get('optional')?.kind === 'boolean').map(({ key }) => key) : []),
    overrides: overrides === undefined ? [] : readOverrides(toValue(overrides), referenced),
    hasWorkspaces: root.get('workspaces') !== undefined,
    node: engines instanceof JsonObject ? text(file, '', engines, 'node') : undefined,
  }
}
