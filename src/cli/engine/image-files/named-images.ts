/** Every image that a Dockerfile or compose file names; of a compose file those of the Dockerfiles that it builds, too. */
import { constants, open } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, normalize, resolve } from 'node:path'
import { type ComposeBuild, readCompose } from '../../../manifests/compose.ts'
import { type DockerfileOptions, readDockerfile } from '../../../manifests/dockerfile.ts'
import { readEnvironmentFile } from '../../../manifests/environment-file.ts'
import type { ImageUse, Lookup } from '../../../manifests/image-use.ts'
import { manifestKind } from '../../../manifests/manifest-kind.ts'
import { Fault } from '../../../model/faults.ts'
import type { EngineWorld, ImageRequest, NamedImage } from '../../engine.ts'

/** Faults: `dockerfile-invalid`, `file-unreadable`. */
export async function namedImages(
  { workingFolder, environment }: Pick<EngineWorld, 'workingFolder' | 'environment'>,
  path: string,
  { platforms, buildArguments = [] }: Pick<ImageRequest, 'platforms' | 'buildArguments'>,
): Promise<readonly NamedImage<never>[]> {
  const place = resolve(workingFolder, path)
  const text = await readText(place, path)
  const platform = platforms.length === 1 ? platforms[0] : undefined
  const given = argumentsOf(buildArguments, environment)
  const built = { args: given, ...(platform === undefined ? {} : { platform }) }
  if (manifestKind(basename(path)) === 'dockerfile') return of(path, readDockerfile(text, path, built))
  const lookup = await composeValues(join(dirname(place), '.env'), environment)
  const { images, builds } = readCompose(text, path, lookup)
  const found = [...of(path, images)]
  for (const build of builds) {
    const { inline, target, args, platform: own } = build
    const options = {
      ...built,
      ...(own === undefined ? {} : { platform: own }),
      args: (name: string) => given(name) ?? args.get(name),
      ...(target === undefined ? {} : { target }),
    }
    if (inline === undefined) found.push(...(await imagesOfBuild(workingFolder, path, build, options)))
    else
      for (const { place: _place, through: _through, ...use } of readDockerfile(inline.text, path, options))
        found.push({ file: path, use: { ...use, line: inline.line + use.line - 1, name: use.name ?? build.service } })
  }
  return found
}

/** Of several values of one name the last counts, as builders have it. */
function argumentsOf(given: readonly string[], environment: EngineWorld['environment']): Lookup {
  const values = new Map<string, string>()
  for (const item of given) {
    const equals = item.indexOf('=')
    const name = equals < 0 ? item : item.slice(0, equals)
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new Fault('usage', `--build-arg ${item} has no name.`, { hint: 'Write it as NAME=value.' })
    const value = equals < 0 ? fromEnvironment(environment, name) : item.slice(equals + 1)
    if (value !== undefined) values.set(name, value)
  }
  return name => values.get(name)
}

function fromEnvironment(environment: EngineWorld['environment'], name: string): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined
}

/** The environment first, then `.env`, which need not be there. */
async function composeValues(place: string, environment: EngineWorld['environment']): Promise<Lookup> {
  const fromOutside: Lookup = name => fromEnvironment(environment, name)
  const text = await readText(place, '.env').catch((fault: unknown) => {
    if (fault instanceof Fault && isMissing(fault.cause)) return ''
    throw fault
  })
  const beside = readEnvironmentFile(text, fromOutside)
  return name => fromOutside(name) ?? beside.get(name)
}

/** One that cannot be read does not keep the other services from being told of. */
async function imagesOfBuild(
  workingFolder: string,
  path: string,
  { service, line, context = '.', dockerfile = 'Dockerfile' }: ComposeBuild,
  options: DockerfileOptions,
): Promise<readonly NamedImage<never>[]> {
  const folder = isAbsolute(context) ? context : join(dirname(path), context)
  const file = isAbsolute(dockerfile) ? normalize(dockerfile) : join(folder, dockerfile)
  try {
    return of(file, readDockerfile(await readText(resolve(workingFolder, file), file), file, options))
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    const unknown = 'is built from a Dockerfile that cannot be read'
    const use: ImageUse = { line, written: file, unknown, role: 'service', name: service }
    return [{ file: path, use, fault: { code: fault.code, message: fault.message, hint: fault.hint } }]
  }
}

function of(file: string, uses: readonly ImageUse[]): readonly NamedImage<never>[] {
  return uses.map(use => ({ file, use }))
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
}

const LARGEST = 1024 * 1024

/** A regular file up to 1 MiB. A pipe of that name is not waited for. */
async function readText(place: string, name: string): Promise<string> {
  const file = await open(place, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    throw new Fault('file-unreadable', `${name} cannot be read.`, { cause })
  })
  try {
    const status = await file.stat()
    if (!status.isFile()) throw new Fault('file-unreadable', `${name} is no file.`)
    if (status.size > LARGEST) throw new Fault('dockerfile-invalid', `${name} has more than ${LARGEST} bytes.`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
