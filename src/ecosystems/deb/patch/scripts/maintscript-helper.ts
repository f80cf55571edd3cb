/**
 * `dpkg-maintscript-helper`, which is declarative: what it does depends on its words, the versions and the image. Source:
 * dpkg-maintscript-helper(1). Its parts in the four scripts come to one result, which is given where the last of them stands: postinst.
 */
import { deb } from '../../../../versions/deb.ts'
import type { Answer, Call } from './commands.ts'
import { plain } from './world.ts'

const DONE: Answer = { status: true, effects: [] }

export function maintscriptHelper(call: Call): Answer {
  const { args, world } = call
  const [command, ...all] = args
  if (command === 'supports') return { status: true }
  const end = all.indexOf('--')
  const words = all.slice(0, end)
  if (end < 0 || words.includes(undefined) || command === undefined) return unknown(call, 'its words are not known before')
  const script = all.slice(end + 1)[0]
  const renames = command === 'mv_conffile' || command === 'symlink_to_dir' || command === 'dir_to_symlink'
  const [path = '', second = '', ...rest] = words.map(word => word ?? '')
  const [prior = '', owner = ''] = renames ? rest : [second, ...rest]
  const name = owner === '' ? world.package.name : owner.replace(/:.*$/, '')
  if (prior !== '' && !deb.valid(prior)) return unknown(call, 'its version is none')
  const { from } = world.package
  // Upgrades from a later version have it behind them; so has a new package, which has nothing to rename.
  if (from === undefined || (prior !== '' && deb.compare(from, prior) > 0)) return DONE
  if (!path.startsWith('/')) return unknown(call, 'its path is none')
  const place = plain(path)
  const { state } = world
  switch (command) {
    case 'rm_conffile':
      if (state.get(place) === undefined || script !== 'configure') return DONE
      return { status: true, effects: [{ kind: 'change', change: { kind: 'conffile', action: 'rm', path: place, package: name } }] }
    case 'mv_conffile':
      if (state.get(place) === undefined || script !== 'configure') return DONE
      return {
        status: true,
        effects: [{ kind: 'change', change: { kind: 'conffile', action: 'mv', path: place, to: plain(second), package: name } }],
      }
    case 'symlink_to_dir':
      return state.get(place)?.type === 'symlink' ? unknown(call, 'a link becomes a folder') : DONE
    case 'dir_to_symlink':
      return state.get(place)?.type === 'directory' ? unknown(call, 'a folder becomes a link') : DONE
    default:
      return unknown(call, 'its command is not known')
  }
}

function unknown({ text }: Call, why: string): Answer {
  return { effects: [{ kind: 'needs', why, command: text }] }
}
