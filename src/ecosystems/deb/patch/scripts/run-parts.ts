import type { Answer, Call } from './commands.ts'
import { plain } from './world.ts'

/** Names that run-parts takes, and those with `--lsbsysinit`. Sources: run-parts(8); what the program lists of odd names. */
const NAMES = /^[a-zA-Z0-9_-]+$/
const LSB_NAMES = /^(?:[a-z0-9][a-z0-9-]*|_?(?:[a-z0-9_.]+-)+[a-z0-9]+)$/
const LEFT_BY_DPKG = /\.dpkg-(?:old|dist|new|tmp)$/

/** `run-parts --list <folder>` says which files it would run; without `--list` it runs them. */
export function runParts({ args, world: { state } }: Call): Answer | undefined {
  const options = args.filter(arg => arg?.startsWith('-') === true)
  const [folder, more] = args.filter(arg => arg?.startsWith('-') !== true)
  const lists = options.includes('--list') && options.every(option => option === '--list' || option === '--lsbsysinit')
  if (!lists || folder?.startsWith('/') !== true || more !== undefined) return undefined
  if (state.follow(plain(folder))?.type !== 'directory') return { status: false, prints: '' }
  const takes = (name: string) => (options.includes('--lsbsysinit') ? LSB_NAMES.test(name) && !LEFT_BY_DPKG.test(name) : NAMES.test(name))
  const files = state.children(plain(folder)).filter(name => takes(name) && state.follow(`${plain(folder)}/${name}`)?.type === 'file')
  const lines = files.sort((a, b) => (a < b ? -1 : 1)).map(name => `${folder}/${name}\n`)
  return { prints: lines.join('') }
}
