/** A reference on the command line → where the image is read from, and where it is written to. */
import { homedir, tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { archiveSink } from '../../../images/archive/sink.ts'
import { archiveSource } from '../../../images/archive/source.ts'
import { layoutSink } from '../../../images/layout/sink.ts'
import { layoutSource } from '../../../images/layout/source.ts'
import { type ImageReference, parseReference } from '../../../images/reference.ts'
import { openRegistries, type Registries } from '../../../images/registry/open.ts'
import { Fault } from '../../../model/faults.ts'
import type { ImageSink, ImageSource } from '../../../model/image.ts'
import type { EngineWorld } from '../../engine.ts'

export interface Places {
  source(reference: string): Promise<ImageSource>
  sink(reference: string): ImageSink
  /** Whether a reference can be written without being named: folders and files can, what others pull from cannot. */
  isLocal(reference: string): boolean
  close(): Promise<void>
}

export async function openPlaces(world: EngineWorld, insecure: boolean): Promise<Places> {
  const { environment, workingFolder } = world
  const registries: Registries = await openRegistries({ environment, home: environment['HOME'] || homedir(), insecure })
  const parse = (reference: string): ImageReference => parseReference(reference, registries.configuration)
  return {
    async source(reference) {
      const parsed = parse(reference)
      if (parsed.kind === 'registry') return registries.source(parsed)
      const tag = parsed.tag === undefined ? {} : { tag: parsed.tag }
      if (parsed.kind === 'layout') return layoutSource({ folder: resolve(workingFolder, parsed.folder), ...tag, reference })
      return archiveSource(
        { ...parsed, file: parsed.file === '-' ? '-' : resolve(workingFolder, parsed.file) },
        { scratch: tmpdir(), stdin: process.stdin },
      )
    },
    sink(reference) {
      const parsed = parse(reference)
      if (parsed.kind === 'registry') return registries.sink(parsed)
      const tag = parsed.tag === undefined ? {} : { tag: parsed.tag }
      if (parsed.kind === 'layout') return layoutSink({ folder: resolve(workingFolder, parsed.folder), ...tag, reference })
      if (parsed.file === '-') throw new Fault('usage', 'An image is not written to standard output: that is where results go.')
      return archiveSink({ ...parsed, file: resolve(workingFolder, parsed.file) }, { scratch: tmpdir(), stdout: async () => {} })
    },
    isLocal(reference) {
      const parsed = parse(reference)
      return parsed.kind === 'layout' || (parsed.kind === 'archive' && parsed.file !== '-')
    },
    close: () => registries.close(),
  }
}
