import type { Budget } from '../model/plan.ts'
import type { Policy } from '../model/policy.ts'

/** The flags of the command line, each defined once; a verb takes the ones it has. */

export const THRESHOLDS = ['critical', 'high', 'moderate', 'low'] as const satisfies readonly Policy['threshold'][]

export interface OutputFlags {
  readonly json?: boolean
  readonly quiet?: boolean
}

export interface ScanFlags extends OutputFlags {
  readonly advisories?: string
  readonly offline?: boolean
  readonly threshold?: Policy['threshold']
  readonly platform?: readonly string[]
  readonly source?: readonly string[]
  readonly insecure?: boolean
  readonly buildArg?: readonly string[]
}

export interface ChangeFlags extends ScanFlags {
  readonly only?: readonly string[]
  readonly budget?: Budget
  readonly manifest?: boolean
  readonly update?: readonly string[]
  readonly allowScript?: readonly string[]
}

export interface PlanFlags extends ChangeFlags {
  readonly noNewerBase?: boolean
  readonly certificate?: string
}

export interface FixFlags extends ChangeFlags {
  readonly dryRun?: boolean
  readonly noNative?: boolean
  readonly commit?: boolean
  readonly test?: string
  readonly key?: string
  readonly output?: string
  readonly attach?: boolean
}

export interface VerifyFlags extends OutputFlags {
  readonly key?: string
  readonly offline?: boolean
  readonly insecure?: boolean
}

export interface UndoFlags extends OutputFlags {
  readonly dryRun?: boolean
  readonly insecure?: boolean
  readonly key?: string
}

export interface UpdateFlags extends OutputFlags {
  readonly from?: string
  readonly ecosystem?: readonly string[]
}

const text = (input: string): string => input

export function parseBudget(input: string): Budget {
  if (input === 'default' || input === 'all' || input === 'knee') return input
  if (/^\d{1,6}$/.test(input)) return Number(input)
  throw new Error('a budget is all, knee or a number of new versions')
}

const json = { kind: 'boolean', brief: 'Print the result as JSON on stdout', optional: true, withNegated: false } as const
const quiet = { kind: 'boolean', brief: 'Show no progress', optional: true, withNegated: false } as const
export const outputFlags = { json, quiet } as const

const advisories = {
  kind: 'parsed',
  parse: text,
  brief: 'Use exactly these OSV records (json, ndjson, ndjson.gz, zip or a folder) instead of the database',
  placeholder: 'path',
  optional: true,
} as const
const offline = { kind: 'boolean', brief: 'Ask nothing of the network: use what is cached', optional: true, withNegated: false } as const
const threshold = { kind: 'enum', values: THRESHOLDS, brief: 'Lowest severity that counts, for this run', optional: true } as const
const platform = {
  kind: 'parsed',
  parse: text,
  brief: 'Image: only this platform, such as linux/arm64; may be given more than once',
  placeholder: 'os/architecture',
  variadic: true,
  optional: true,
} as const
const source = {
  kind: 'parsed',
  parse: text,
  brief: 'Image: take packages from this line or file of apt sources instead of the image’s own; may be given more than once',
  placeholder: 'line|file',
  variadic: true,
  optional: true,
} as const
const insecure = {
  kind: 'boolean',
  brief: 'Image: accept plain HTTP and unverified certificates from its registry',
  optional: true,
  withNegated: false,
} as const
const buildArg = {
  kind: 'parsed',
  parse: text,
  brief: 'Dockerfile: value of a build argument that a FROM depends on; may be given more than once',
  placeholder: 'NAME=value',
  variadic: true,
  optional: true,
} as const
export const scanFlags = { advisories, offline, threshold, platform, source, insecure, buildArg, ...outputFlags } as const

const only = {
  kind: 'parsed',
  parse: text,
  brief: 'Only this advisory or package; may be given more than once',
  placeholder: 'advisory|package',
  variadic: true,
  optional: true,
} as const
const budget = {
  kind: 'parsed',
  parse: parseBudget,
  brief:
    'Take all fixes that lock edits can make, stop at the knee of the price list, or add at most so many versions. Without it: every lock edit that gains no breaking line',
  placeholder: 'all|knee|number',
  optional: true,
  proposeCompletions: () => ['all', 'knee'],
} as const
const manifest = {
  kind: 'boolean',
  brief: 'Also change package.json where lock edits are not enough',
  optional: true,
  withNegated: false,
} as const
const update = {
  kind: 'parsed',
  parse: text,
  brief: 'Image: take what the security suites offer for this package, or for all, advisories known or not',
  placeholder: 'package|all',
  variadic: true,
  optional: true,
} as const
const allowScript = {
  kind: 'parsed',
  parse: text,
  brief: 'Image: accept that a maintainer script of this package is skipped although it would do something',
  placeholder: 'package',
  variadic: true,
  optional: true,
} as const
export const changeFlags = { only, budget, manifest, update, allowScript, ...scanFlags } as const

const certificate = {
  kind: 'parsed',
  parse: text,
  brief: 'Write what an independent solver needs to check that no smaller change exists',
  placeholder: 'file',
  optional: true,
} as const
const noNewerBase = {
  kind: 'boolean',
  brief: 'Image: do not look in its registry for a newer base, which takes pulling up to three candidates',
  optional: true,
  withNegated: false,
} as const
export const planFlags = { certificate, noNewerBase, ...changeFlags } as const

const dryRun = { kind: 'boolean', brief: 'Do everything but write', optional: true, withNegated: false } as const
const key = {
  kind: 'parsed',
  parse: text,
  brief: 'PEM file of the key that signs the receipt',
  placeholder: 'file',
  optional: true,
} as const
export const fixFlags = {
  dryRun,
  noNative: { kind: 'boolean', brief: 'Skip npm’s own check of the result', optional: true, withNegated: false },
  commit: { kind: 'boolean', brief: 'Make one Git commit per independent change', optional: true, withNegated: false },
  test: {
    kind: 'parsed',
    parse: text,
    brief: 'Run this after each batch of changes; leave out the change that breaks it',
    placeholder: 'command',
    optional: true,
  },
  key,
  output: {
    kind: 'parsed',
    parse: text,
    brief: 'Image: where the patched image goes; an archive or a layout changes in place without it',
    placeholder: 'reference',
    optional: true,
  },
  attach: { kind: 'boolean', brief: 'Image: attach SBOM, VEX and receipt to it as referrers', optional: true, withNegated: false },
  ...changeFlags,
} as const

export const undoFlags = {
  dryRun,
  insecure,
  key: { ...key, brief: 'PEM file of the key that the receipt’s signature must verify with' },
  ...outputFlags,
} as const

export const verifyFlags = {
  key: { ...key, brief: 'PEM file of the key that the receipt’s signature must verify with' },
  offline,
  insecure,
  ...outputFlags,
} as const

export const updateFlags = {
  from: { kind: 'parsed', parse: text, brief: 'Mirror address or local folder to fetch from', placeholder: 'url|folder', optional: true },
  ecosystem: {
    kind: 'parsed',
    parse: text,
    brief: 'Only this ecosystem; may be given more than once. Without it: those held already, npm at first',
    placeholder: 'name',
    variadic: true,
    optional: true,
  },
  ...outputFlags,
} as const
