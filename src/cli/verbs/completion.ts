import { Fault } from '../../model/faults.ts'
import type { OutputFlags } from '../flags.ts'
import type { Verb } from '../shell.ts'
import { line } from '../terminal.ts'

/** Each script hands the words typed so far to `suture __complete`, which answers `word<TAB>what it is`, one a line. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_suture() {
  local IFS=$'\\n'
  COMPREPLY=($(suture __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _suture suture`,
  zsh: `#compdef suture
_suture() {
  local -a proposals
  proposals=("\${(@f)$(suture __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  proposals=("\${(@)proposals//:/\\\\:}")
  proposals=("\${(@)proposals/$'\\t'/:}")
  proposals=(\${proposals:#})
  if (( $#proposals )); then _describe suture proposals; else _files; fi
}
if [[ $funcstack[1] == _suture ]]; then _suture "$@"; else compdef _suture suture; fi`,
  fish: `complete -c suture -n 'test (count (commandline -opc)) -eq 1' -f
complete -c suture -a '(suture __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
}

export const completion: Verb<OutputFlags, [shell: string]> = async (_job, _flags, shell) => {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
  if (script === undefined) throw new Fault('usage', `there is no completion for "${shell}"`, { hint: 'Name one of bash, zsh and fish.' })
  return { noun: { shell, script }, view: () => script.split('\n').map(row => line(row)), exit: 0 }
}
