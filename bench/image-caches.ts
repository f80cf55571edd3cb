/**
 * What Suture knows already when it meets an image. Each state is made in place, by forgetting: copies of a cache would be other files, and
 * some of what is kept tells files apart by more than their content.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Run, runCommand } from './command.ts'

/** Each knows what those before it know: nothing; package indexes; the packages too; the layers of the image too. */
export const STATES = ['nothing', 'package indexes', 'packages too', 'base index too'] as const
export type State = (typeof STATES)[number]

export interface Image {
  /** An OCI layout, with the tag `latest`. */
  readonly folder: string
  /** Where commands run; receipts gather there. */
  readonly work: string
  /** Of Suture, with all its caches. */
  readonly home: string
  /** A file of records that name no flaw, so that no advisories are fetched. */
  readonly advisories: string
}

const look = (verb: 'scan' | 'plan', { folder, work, home, advisories }: Image): Promise<Run> =>
  runCommand(work, home, [verb, `oci:${folder}:latest`, '--advisories', advisories, '--json', '--quiet'])

export const scan = (image: Image): Promise<Run> => look('scan', image)

/** Patches the image beside itself, under another tag of the same layout. */
export const fix = ({ folder, work, home, advisories }: Image, update: string): Promise<Run> =>
  runCommand(work, home, [
    'fix',
    `oci:${folder}:latest`,
    ...['--update', update, '--output', `oci:${folder}:patched`],
    ...['--advisories', advisories, '--json', '--quiet'],
  ])

export function forgetLayers({ home }: Image): void {
  rmSync(join(home, 'layers'), { recursive: true, force: true })
}

/** Brings the caches into the state. All but `nothing` must have been used by a `fix` before. */
export async function bring(image: Image, state: State): Promise<void> {
  const { home } = image
  if (state === 'nothing') rmSync(home, { recursive: true, force: true })
  forgetLayers(image)
  if (state === 'package indexes')
    for (const kind of ['debs', 'quick']) rmSync(join(home, 'cache/suture/apt', kind), { recursive: true, force: true })
  // Only what means to change an image keeps the digests of the files in its layers.
  if (state === 'base index too') await look('plan', image)
}

/** Takes a patched tag and its blobs away again, without touching what was there. */
export function keeper(folder: string): () => void {
  const index = readFileSync(join(folder, 'index.json'))
  const blobs = join(folder, 'blobs/sha256')
  const kept = new Set(readdirSync(blobs))
  return () => {
    writeFileSync(join(folder, 'index.json'), index)
    for (const name of readdirSync(blobs)) if (!kept.has(name)) rmSync(join(blobs, name))
  }
}
