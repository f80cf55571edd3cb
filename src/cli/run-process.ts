import { openEngine } from './open-engine.ts'
import { run } from './run.ts'
import { boundYoungGeneration } from './young-generation.ts'

/** Runs the words on the real process, and ends it once everything is written: idle connections must not hold it. */
export async function runProcess(words: readonly string[], toolVersion: string): Promise<void> {
  const { stdout, stderr } = process
  // A reader that has seen enough, such as `head`, is no fault.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
  const world = { stdout, stderr, environment: process.env, workingFolder: process.cwd(), now: () => new Date(), toolVersion, openEngine }
  using _ = boundYoungGeneration()
  const code = await run(world, words)
  process.exitCode = code
  stdout.write('', () => stderr.write('', () => process.exit(code)))
}
