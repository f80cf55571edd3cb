/** Every image that a Dockerfile or compose file names; of a compose file those of the Dockerfiles that it builds, too. */
import { open } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { manifestKind, readCompose, readEnvironmentFile } from '../../../manifests/compose.ts'
import { readDockerfile } from '../../../manifests/dockerfile.ts'
import type { ImageUse, Lookup } from '../../../manifests/image-use.ts'
import { Fault } from '../../../model/faults.ts'
import type { EngineWorld, NamedImage } from '../../engine.ts'

/** Faults: `dockerfile-invalid`, `file-unreadable`. */
export async function namedImages({ workingFolder, environment }: EngineWorld, path: string): Promise<readonly NamedImage<never>[]> {
  const place = resolve(workingFolder, path)
  const text = await readText(place, path)
  if (manifestKind(basename(path)) === 'dockerfile') return of(path, readDockerfile(text, path))
  const folder = dirname(place)
  const beside = readEnvironmentFile(await readText(join(folder, '.env'), '.env').catch(() => ''))
  const lookup: Lookup = name => environment[name] ?? beside.get(name)
  const { images, builds } = readCompose(text, path, lookup)
  const found = [...of(path, images)]
  for (const { service, line, dockerfile = '', inline, target, args } of builds) {
    const options = { args: (name: string) => args.get(name), ...(target === undefined ? {} : { target }) }
    if (inline !== undefined) {
      found.push(
        ...of(
          path,
          readDockerfile(inline, path, options).map(use => ({ ...use, line: line + use.line, name: use.name ?? service })),
        ),
      )
      continue
    }
    const file = join(dirname(path), dockerfile)
    try {
      found.push(...of(file, readDockerfile(await readText(join(folder, dockerfile), file), file, options)))
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault
      const use: ImageUse = {
        line,
        written: dockerfile,
        unknown: 'is built from a Dockerfile that cannot be read',
        role: 'service',
        name: service,
      }
      found.push({ file: path, use, fault: { code: fault.code, message: fault.message, hint: fault.hint } })
    }
  }
  return found
}

function of(file: string, uses: readonly ImageUse[]): readonly NamedImage<never>[] {
  return uses.map(use => ({ file, use }))
}

const LARGEST = 1024 * 1024

/** A regular file up to 1 MiB. */
async function readText(place: string, name: string): Promise<string> {
  const file = await open(place, 'r').catch((cause: unknown) => {
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
