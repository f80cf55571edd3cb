import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { completion } from './completion.ts'

async function scriptFor(shell: string): Promise<string> {
  const job = {
    now: () => new Date(0),
    engine: () => assert.fail(),
    path: () => '',
    exists: () => assert.fail(),
    isFile: () => assert.fail(),
    policy: () => assert.fail(),
    write: () => assert.fail(),
  }
  const { view } = await completion(job, {}, shell)
  return view(80)
    .map(row => row.map(part => part.text).join(''))
    .join('\n')
}

test('bash completes with what suture __complete proposes for the words so far', async () => {
  const script = `suture() { printf '%s|' "$@" >&2; printf 'fix\\tMake the change\\nfi-n\\tother\\n'; }
${(await scriptFor('bash')).replace('2>/dev/null', '')}
COMP_WORDS=(suture --json fi); COMP_CWORD=2; _suture; printf '%s\\n' "\${COMPREPLY[@]}"`
  const ran = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  assert.equal(ran.stdout, 'fix\nfi-n\n')
  assert.equal(ran.stderr, '__complete|--json|fi|')
})

test('scripts hold no character that the printer would have to spell out', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) assert.doesNotMatch(await scriptFor(shell), /\\u\{/)
})
