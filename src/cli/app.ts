import { type Application, type ApplicationText, buildApplication, buildCommand, buildRouteMap, text_en, version } from '@stricli/core'
import * as flags from './flags.ts'
import { helpIntegration } from './help.ts'
import { command, type Shell } from './shell.ts'
import type { Terminal } from './terminal.ts'

/** The commands: what each is for, by example. What they do is loaded when one is called. */

const target = {
  brief:
    'Folder that holds the lockfile (the current one unless given), or an image: registry/repository:tag, oci:<folder>[:tag], docker-archive:<file>, oci-archive:<file>; scan, plan and fix also take a Dockerfile or compose file',
  parse: String,
  placeholder: 'target',
  optional: true,
} as const
const onTarget = { kind: 'tuple', parameters: [target] } as const
const folder = {
  brief: 'Folder that holds .suture/receipts; the current one unless given',
  parse: String,
  placeholder: 'folder',
  optional: true,
} as const

type Example = readonly [line: string, does: string]

function describe(brief: string, text: string, examples: readonly Example[]) {
  const shown = examples.map(([line, does]) => `  $ suture ${line}\n      ${does}`).join('\n')
  return { brief, fullDescription: `${text}\n\nExamples\n${shown}` }
}

const scan = buildCommand<flags.ScanFlags, [target?: string], Shell>({
  loader: async () => command((await import('./verbs/scan.ts')).scan),
  parameters: { flags: flags.scanFlags, positional: onTarget },
  docs: describe(
    'Show what is vulnerable, and what can be done about it',
    'Groups the findings as a person acts on them: fixable now, fixable at a price, blocked by what, no fix published. Exit code 1 when findings at or above the threshold remain.',
    [
      ['scan', 'The project in this folder.'],
      ['scan services/api --threshold high', 'Another one; only high and critical findings decide the exit code.'],
      ['scan oci:./image:latest', 'A container image; nothing of it is unpacked or run.'],
      ['scan Dockerfile', 'Every image that it names, what ships told from what only builds.'],
      ['scan --json | jq ".findings[].id"', 'For scripts.'],
      ['scan --offline --advisories ./osv', 'With no network, against exactly these records.'],
    ],
  ),
})

const plan = buildCommand<flags.PlanFlags, [target?: string], Shell>({
  loader: async () => command((await import('./verbs/plan.ts')).plan),
  parameters: { flags: flags.planFlags, positional: onTarget },
  docs: describe(
    'Show the smallest change that fixes it, and the price of the rest',
    'Every change and why, every open finding with its price or the range that blocks it, and the price list. Writes nothing.',
    [
      ['plan', 'What suture fix would do.'],
      ['plan --budget all', 'What it would take to fix everything that lock edits can fix.'],
      ['plan --only lodash --manifest', 'One package, with changes to package.json allowed.'],
      ['plan --certificate proof.json', 'And the proof that no smaller change does the same.'],
    ],
  ),
})

const explain = buildCommand<flags.ChangeFlags, [subject: string, target?: string], Shell>({
  loader: async () => command((await import('./verbs/explain.ts')).explain),
  parameters: {
    flags: flags.changeFlags,
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'An advisory id, an alias of one, or a package name', parse: String, placeholder: 'advisory|package' }, target],
    },
  },
  docs: describe(
    'Tell the story of one advisory or package',
    'What it is, by which paths it got here, what a fix changes, or what holds it in place.',
    [
      ['explain GHSA-jf85-cpcp-j695', 'One advisory.'],
      ['explain CVE-2019-10744', 'The same, by its alias.'],
      ['explain minimist', 'One package: why it is here, and everything known against it.'],
    ],
  ),
})

const fix = buildCommand<flags.FixFlags, [target?: string], Shell>({
  loader: async () => command((await import('./verbs/fix.ts')).fix),
  parameters: { flags: flags.fixFlags, positional: onTarget, aliases: { n: 'dryRun' } },
  docs: describe(
    'Make the change, prove it, and keep a way back',
    'By default every fix that needs lock edits only and gains no breaking line. The result is scanned afresh, compared byte by byte and accepted by npm before it is written; the receipt in .suture/receipts takes exactly this change back.',
    [
      ['fix', 'The default: lock edits only, no breaking line.'],
      ['fix --budget 5', 'The best that at most five new versions can do.'],
      ['fix --commit --test "npm test"', 'One commit per independent change; what breaks the tests is left out.'],
      ['fix --only GHSA-jf85-cpcp-j695 --manifest', 'One advisory, and package.json may change.'],
      ['fix oci:./image:latest --output oci:./image:patched', 'A container image gains one layer.'],
      ['fix Dockerfile', 'Its references move to newer images of their line, where these leave less risk.'],
    ],
  ),
})

const undo = buildCommand<flags.UndoFlags, [receipt?: string, folder?: string], Shell>({
  loader: async () => command((await import('./verbs/undo.ts')).undo),
  parameters: {
    flags: flags.undoFlags,
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'Receipt of the change; the newest unless given', parse: String, placeholder: 'receipt', optional: true },
        folder,
      ],
    },
    aliases: { n: 'dryRun' },
  },
  docs: describe('Take exactly one change back', 'Also after later changes, as long as they touch other places.', [
    ['undo', 'The newest fix.'],
    ['undo .suture/receipts/20270131-120000-1f0c.json', 'This one.'],
    ['undo --dry-run', 'See what it would take back.'],
  ]),
})

const verify = buildCommand<flags.VerifyFlags, [receipt?: string, folder?: string], Shell>({
  loader: async () => command((await import('./verbs/verify.ts')).verify),
  parameters: {
    flags: flags.verifyFlags,
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'Receipt of the change; the newest unless given', parse: String, placeholder: 'receipt', optional: true },
        folder,
      ],
    },
  },
  docs: describe(
    'Derive an image’s patch again from the same inputs, and compare',
    'For a second party: reads the former image and the archives that the receipt names, makes the layer anew, and compares every digest.',
    [
      ['verify', 'The newest fix of an image.'],
      ['verify .suture/receipts/20270131-120000-1f0c.json --key public.pem', 'This one, and its signature.'],
    ],
  ),
})

const status = buildCommand<flags.OutputFlags & { readonly advisories?: string }, [], Shell>({
  loader: async () => command((await import('./verbs/db-status.ts')).dbStatus),
  parameters: { flags: { advisories: flags.scanFlags.advisories, ...flags.outputFlags } },
  docs: describe('Say what the advisory database holds and how old it is', 'The hash names the content; every result repeats it.', [
    ['db status', 'The database in use.'],
    ['db status --advisories ./osv', 'A folder of records.'],
  ]),
})

const update = buildCommand<flags.UpdateFlags, [], Shell>({
  loader: async () => command((await import('./verbs/db-update.ts')).dbUpdate),
  parameters: { flags: flags.updateFlags },
  docs: describe(
    'Fetch advisories that were published since',
    'The first time whole archives, then only what changed. Resumes where it was interrupted; HTTPS_PROXY and NO_PROXY hold.',
    [
      ['db update', 'From the public source.'],
      ['db update --ecosystem Debian', 'For images: what is known of the distribution.'],
      ['db update --from /mnt/osv-mirror', 'From a local copy, for machines without a network.'],
    ],
  ),
})

const completion = buildCommand<flags.OutputFlags, [shell: string], Shell>({
  loader: async () => command((await import('./verbs/completion.ts')).completion),
  parameters: {
    flags: flags.outputFlags,
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'bash, zsh or fish', parse: String, placeholder: 'shell', proposeCompletions: () => ['bash', 'zsh', 'fish'] }],
    },
  },
  docs: describe('Print the completion script for a shell', 'Source it from the shell’s start file.', [
    ['completion bash >> ~/.bashrc', 'Bash.'],
    ['completion zsh > ~/.zfunc/_suture', 'Zsh, in a folder of $fpath.'],
    ['completion fish > ~/.config/fish/completions/suture.fish', 'Fish.'],
  ]),
})

const overview = buildCommand<flags.ScanFlags, [target?: string], Shell>({
  loader: async () => command((await import('./verbs/overview.ts')).overview),
  parameters: { flags: flags.scanFlags, positional: onTarget },
  docs: describe('Say in a screenful where the project stands and what to do next', 'The same as suture alone.', [['', 'Here.']]),
})

const text: ApplicationText = {
  ...text_en,
  noCommandRegisteredForInput: ({ input, corrections }) =>
    `there is no command "${input}"${corrections.length > 0 ? `, did you mean ${corrections.join(' or ')}?` : ''}`,
}

export function buildApp(currentVersion: string, terminal: Terminal): Application<Shell> {
  const db = buildRouteMap<'status' | 'update', Shell>({ routes: { status, update }, docs: { brief: 'Advisory database: status, update' } })
  const root = buildRouteMap({
    routes: { overview, scan, plan, explain, fix, verify, undo, db, completion },
    docs: {
      brief: 'The smallest change that fixes it, and nothing else',
      fullDescription:
        'The smallest change that fixes it, and nothing else.\n\nExamples\n  $ suture\n      Where this project stands, and what to do next.\n  $ suture fix\n      Make the smallest change, prove it, keep a way back.\n\nExit codes: 0 done, 1 findings at or above the threshold remain, 2 wrong use, 3 fault.',
      hideRoute: { overview: true },
    },
  })
  const config = {
    name: 'suture',
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { caseStyle: 'convert-camel-to-kebab' },
    localization: { text },
  } as const
  return buildApplication(root, config, {
    help: helpIntegration(terminal),
    version: version({ brief: 'Show the version and exit', info: { currentVersion } }),
  })
}
