/**
 * The main job on a real old project, as a transcript: what is vulnerable, the smallest change, the proof, the change itself, the
 * receipt, and the way back. Works on a copy in a temporary folder, and asks the network only for package metadata, from the registry
 * that npm's configuration names.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readReceipt } from '../src/record/read-receipt.ts'
import { RECEIPTS_FOLDER } from '../src/record/receipt.ts'
import { checkCertificate, readCertificate } from '../test/oracle/certificate.ts'

const root = join(import.meta.dirname, '..')
const EXAMPLE = 'firebase-tools-11'
const colour = process.stdout.isTTY === true && !process.env['NO_COLOR']
const temporary = mkdtempSync(join(tmpdir(), 'suture-demo-'))
const project = join(temporary, EXAMPLE)
const environment = { ...process.env, SUTURE_HOME: join(root, 'node_modules/.cache/suture-demo') }

class Stopped extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function step(title: string): void {
  say(`\n${colour ? `\u001b[1m# ${title}\u001b[0m` : `# ${title}`}`)
}

/** Shows the command, runs it from the sources, and goes on when it ends as it should: 1 means that findings remain. */
function suture(parameters: readonly string[]): void {
  say(`\n$ suture ${parameters.join(' ')}`)
  const { status } = spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), ...parameters], {
    cwd: project,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status === 0 || status === 1) return
  say('\nThe demo stops here: suture ended with the fault above, and the copy is thrown away.')
  say('It needs the registry that npm’s configuration names (npm config get registry), for package metadata only.')
  throw new Stopped(status ?? 3)
}

/** Shows a Git command and what it prints; false when Git is not there. */
function git(parameters: readonly string[], shown = true): boolean {
  const identity = [
    '-c',
    'user.name=Demo',
    '-c',
    'user.email=demo@registry.example',
    '-c',
    'core.autocrlf=false',
    '-c',
    'commit.gpgsign=false',
  ]
  const { status, stdout } = spawnSync('git', [...identity, ...parameters], {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (status !== 0) return false
  if (shown) say(`\n$ git ${parameters.join(' ')}\n${stdout.trimEnd() || '(nothing)'}`)
  return true
}

function digests(): Map<string, string> {
  const files = ['package-lock.json', 'package.json']
  return new Map(
    files.map(file => [
      file,
      createHash('sha256')
        .update(readFileSync(join(project, file)))
        .digest('hex'),
    ]),
  )
}

async function checkProof(file: string): Promise<void> {
  const checked = await checkCertificate(readCertificate(JSON.parse(readFileSync(join(project, file), 'utf8'))))
  for (const problem of checked.problems) say(problem)
  if (!checked.ok) throw new Stopped(3)
  const proved = checked.levels.filter(level => level.claimed > 0).map(({ name, proved }) => `${name} ${proved}`)
  say(`clingo, an independent solver, proves the same optimum: ${proved.join(', ')}`)
}

function showReceipt(): void {
  const name = readdirSync(join(project, RECEIPTS_FOLDER)).sort().at(-1) ?? ''
  const { receipt } = readReceipt(readFileSync(join(project, RECEIPTS_FOLDER, name), 'utf8'))
  const [file] = receipt.files
  const [origin] = receipt.origins
  say(`\n${RECEIPTS_FOLDER}/${name} is an in-toto statement in a DSSE envelope. It holds:`)
  say(`  made      ${receipt.created} by suture ${receipt.tool.version}`)
  for (const { path, beforeSha256, afterSha256, edits } of receipt.files) {
    say(`  file      ${path}: ${edits.length} edits, ${beforeSha256.slice(0, 12)}… → ${afterSha256.slice(0, 12)}…`)
  }
  say(
    `  changes   ${receipt.changes.length}, each with its reason; the first: ${receipt.changes[0]?.name ?? ''}, ${receipt.changes[0]?.because ?? ''}`,
  )
  say(
    `  an edit   ${JSON.stringify(file?.edits[0]?.removed.slice(0, 40))} → ${JSON.stringify(file?.edits[0]?.inserted.slice(0, 40))} at ${file?.edits[0]?.key.join(' › ') ?? ''}`,
  )
  say(
    `  origins   ${receipt.origins.length} versions; the first: ${origin?.name}@${origin?.version} ${origin?.integrity?.slice(0, 24) ?? ''}…`,
  )
  say(`  proof     ${receipt.verification.map(({ check, result }) => `${check}: ${result}`).join('; ')}`)
}

function compare(before: ReadonlyMap<string, string>): void {
  say('')
  for (const [file, digest] of digests()) {
    const same = digest === before.get(file)
    say(
      `${file}  ${digest.slice(0, 16)}…  ${same ? 'the same bytes as before' : `not the bytes it had (${before.get(file)?.slice(0, 16)}…)`}`,
    )
    if (!same) throw new Stopped(3)
  }
}

async function demo(): Promise<void> {
  cpSync(join(root, 'examples', EXAMPLE), project, { recursive: true })
  const tracked =
    git(['init', '--quiet'], false) && git(['add', '.'], false) && git(['commit', '--quiet', '-m', 'As it stood in 2023'], false)
  const before = digests()
  say(`The project: firebase-tools 11.30.0 of 2023, 688 lock entries, copied to ${project}`)

  step('What is vulnerable, and what can be done about it')
  suture(['scan'])
  step('The smallest change, a reason for each line, and the price of the rest')
  suture(['plan', '--certificate', 'proof.json'])
  step('The plan’s certificate, checked by another solver')
  await checkProof('proof.json')
  rmSync(join(project, 'proof.json'))
  step('Make the change: verified before it is written')
  suture(['fix'])
  if (tracked) git(['diff', '--stat'])
  step('A fresh look at the result')
  suture(['scan'])
  step('The receipt')
  showReceipt()
  step('Take it back')
  suture(['undo'])
  compare(before)
  if (tracked) git(['status', '--short', '--', 'package.json', 'package-lock.json'])
  say('\nNothing was installed and no package’s code was run. In your own project: suture, then suture fix.')
}

const started = performance.now()
try {
  await demo()
  say(`Done in ${Math.round((performance.now() - started) / 1000)} s.`)
} catch (error) {
  if (!(error instanceof Stopped)) throw error
  process.exitCode = error.exitCode
} finally {
  rmSync(temporary, { recursive: true, force: true, maxRetries: 3 })
}
