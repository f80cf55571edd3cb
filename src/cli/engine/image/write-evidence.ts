/** Documents beside an image: each whole under its name or not at all. */
import { readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { removeLeftovers, writeWhole } from '../../../images/layout/blob-files.ts'
import { Fault } from '../../../model/faults.ts'

export interface TextFile {
  /** Relative to the folder. */
  readonly path: string
  readonly text: string
}

/** Takes back what was written; files that were there before with the same content stay. */
export type TakeBack = () => Promise<void>

/** The first file comes last: where it stands, the others do. Faults: `write-failed`, and none of them is left. */
export async function writeEvidence(folder: string, [first, ...others]: readonly [TextFile, ...TextFile[]]): Promise<TakeBack> {
  const made: string[] = []
  const takeBack: TakeBack = async () => {
    for (const path of made) await rm(path, { force: true })
  }
  const write = async ({ path, text }: TextFile): Promise<void> => {
    const place = join(folder, path)
    const there = await readFile(place, 'utf8').catch(() => undefined)
    if (there === text) return
    await writeWhole(place, [Buffer.from(text)]).catch((cause: unknown) => {
      throw new Fault('write-failed', `${path} could not be written, so the image was not.`, { cause })
    })
    made.push(place)
  }
  const written = await Promise.allSettled(others.map(write))
  const failed = written.find(result => result.status === 'rejected') ?? (await Promise.allSettled([write(first)]))[0]
  if (failed?.status !== 'rejected') {
    for (const place of new Set([first, ...others].map(({ path }) => dirname(join(folder, path))))) await removeLeftovers(place)
    return takeBack
  }
  await takeBack()
  throw failed.reason
}
