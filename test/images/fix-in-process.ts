/**
 * A process of its own that runs `suture fix` on one or more images at once, at a fixed time. The one argument is what to do, as JSON. Standard output
 * tells the lines: `ready`, then `writing <n>` and `done <n> <exit code>` for each image by its place in the list.
 */
import { openEngine } from '../../src/cli/open-engine.ts'
import { run } from '../../src/cli/run.ts'

export interface FixInProcess {
  /** The words after `fix`, for each image. */
  readonly images: readonly (readonly string[])[]
  readonly environment: Readonly<Record<string, string>>
  readonly workingFolder: string
  /** ISO 8601. */
  readonly now: string
  readonly umask?: number
  /** Becomes this user and group once it is loaded. */
  readonly user?: number
}

const say = (line: string) => process.stdout.write(`${line}\n`)

async function fix({ images, environment, workingFolder, now, umask, user }: FixInProcess): Promise<void> {
  // What a fix needs is loaded before anything is given up or measured.
  await Promise.all([import('../../src/cli/engine/image/fix.ts'), import('../../src/cli/verbs/fix.ts')])
  if (umask !== undefined) process.umask(umask)
  if (user !== undefined) {
    process.setgroups?.([])
    process.setgid?.(user)
    process.setuid?.(user)
  }
  say('ready')
  await Promise.all(
    images.map(async (words, at) => {
      const world = {
        stdout: { write: () => undefined, columns: 100 },
        stderr: { write: (text: string) => void process.stderr.write(text) },
        environment,
        workingFolder,
        now: () => new Date(now),
        toolVersion: '0.1.0',
        openEngine: (inner: Parameters<typeof openEngine>[0]) =>
          openEngine({
            ...inner,
            progress(progress) {
              if (progress.doing.startsWith('Writing ')) say(`writing ${at}`)
            },
          }),
      }
      say(`done ${at} ${await run(world, ['fix', ...words])}`)
    }),
  )
}

const [task] = process.argv.slice(2)
if (task !== undefined) await fix(JSON.parse(task))
