import { proposeCompletions, run as runStricli } from '@stricli/core'
import { Fault } from '../model/faults.ts'
import { buildApp } from './app.ts'
import { createShell, type World } from './shell.ts'

/** The word that the completion scripts call back with; what follows is the line as typed so far. */
export const COMPLETE = '__complete'

/** Runs one command line and answers with its exit code. */
export async function run(world: World, words: readonly string[]): Promise<number> {
  const shell = createShell(world)
  const app = buildApp(world.toolVersion, shell.terminal)
  if (words[0] === COMPLETE) {
    const proposals = await proposeCompletions(app, words.slice(1), shell)
    shell.process.stdout.write(proposals.map(({ completion, brief }) => `${completion}\t${brief.split('\n')[0]}\n`).join(''))
    return 0
  }
  await runStricli(app, withDefault(words), shell)
  const complaint = shell.complaint()
  if (complaint !== '') shell.fail(usageFault(complaint, words), words.includes('--json'))
  return shell.exitCode
}

/** `suture` alone, or with flags only, is the overview. */
function withDefault(words: readonly string[]): readonly string[] {
  const [first] = words
  if (first === undefined) return ['overview']
  const asksForAll = ['--help', '-h', '--help-all', '--version', '-v'].includes(first)
  return first.startsWith('-') && !asksForAll ? ['overview', ...words] : words
}

function usageFault(complaint: string, words: readonly string[]): Fault {
  const [message = '', ...rest] = complaint.trim().split('\n')
  if (rest.length > 0) return new Fault('internal', complaint.trim())
  const [sentence = '', suggestion] = message.split(/,? did you mean /)
  const verb = words[0] !== undefined && /^[a-z]+$/.test(words[0]) ? ` ${words[0]}` : ''
  const hint = suggestion === undefined ? `Run suture${verb} --help.` : `Did you mean ${suggestion}`
  return new Fault('usage', sentence.replaceAll('`', '"'), { hint: hint.replaceAll('`', '"') })
}
