/**
 * Stands in `dist/suture.js` where the sources import `run-process.ts`. V8 parses a whole file before it runs the first statement,
 * about 30 ms for each megabyte on a slow machine. So the program travels in a comment at the end of the file, is passed over at the
 * speed of a scan when only the version is asked for, and is compiled when it is wanted. Names and lines in stack traces stay those
 * of the file.
 *
 * What V8 made of it is kept in Suture's data folder, for the next time: that saves the compilation. The cache is bound to the text and to
 * the version of Node.js; one that does not fit is made anew, and one that cannot be written is done without.
 */
import { homeFolder } from '../src/cli/home-folder.ts'
import type * as program from '../src/cli/run-process.ts'
import { CLOSING, OPENING, unwrap } from './program-comment.ts'

// Imports are made before anything runs, and these take as long as all that `--version` does.
const { createHash } = process.getBuiltinModule('node:crypto')
const { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs')
const { createRequire } = process.getBuiltinModule('node:module')
const { dirname, join } = process.getBuiltinModule('node:path')
const { fileURLToPath } = process.getBuiltinModule('node:url')
const { Script } = process.getBuiltinModule('node:vm')

/** SHA-256 of the program, put in by the build: hashing it at every start would take as long as compiling what `--version` needs. */
declare const PROGRAM_DIGEST: string

const file = fileURLToPath(import.meta.url)

// One for each place, Node.js and command, since each compiles what it runs; a new build replaces the old one's.
const command = /^[a-z]{1,12}$/.exec(process.argv[2] ?? '')?.[0] ?? ''
const place = createHash('sha256').update(`${file}\n${process.version}\n${process.arch}\n${command}`).digest('hex').slice(0, 24)
const cache = join(homeFolder(process.env), 'compiled', `${place}.bin`)

const kept = read()
const script = compile()
const module: { exports: Partial<typeof program> } = { exports: {} }
script.runInThisContext()(createRequire(import.meta.url), module, file, dirname(file))

export async function runProcess(...parameters: Parameters<typeof program.runProcess>): Promise<void> {
  await module.exports.runProcess?.(...parameters)
  if (kept === undefined || script.cachedDataRejected === true) keep()
}

/** The texts are let go as soon as V8 has what it needs: they are megabytes. */
function compile() {
  const text = readFileSync(file, 'latin1')
  const start = text.lastIndexOf(OPENING) + OPENING.length
  return new Script(unwrap(text.slice(start, text.lastIndexOf(CLOSING))), {
    filename: file,
    lineOffset: text.slice(0, start).split('\n').length - 1,
    ...(kept === undefined ? {} : { cachedData: kept }),
  })
}

/** The seal is over the data too: half a file, or one that something else wrote, is not given to V8. */
function read(): Buffer | undefined {
  try {
    if (!existsSync(cache)) return undefined
    const bytes = readFileSync(cache)
    return sealOf(bytes.subarray(32)).equals(bytes.subarray(0, 32)) ? bytes.subarray(32) : undefined
  } catch {
    return undefined
  }
}

function keep(): void {
  const partial = `${cache}.${process.pid}`
  try {
    const data = script.createCachedData()
    mkdirSync(dirname(cache), { recursive: true, mode: 0o700 })
    writeFileSync(partial, Buffer.concat([sealOf(data), data]), { mode: 0o600 })
    renameSync(partial, cache)
  } catch {
    rmSync(partial, { force: true })
  }
}

function sealOf(data: Uint8Array): Buffer {
  return createHash('sha256').update(PROGRAM_DIGEST).update(data).digest()
}
