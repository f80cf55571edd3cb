import { isRecord } from './json-values.ts'
import type { NpmConfig } from './npm-config.ts'

/** What one registry may cost in time and memory. */
export interface Limits {
  /** Requests under way at a time. */
  readonly concurrency: number
  readonly attempts: number
  /** Before the second attempt; each later one waits three times as long. */
  readonly backoffMs: number
  /** A registry that asks for a longer pause than this is told that it did not answer. */
  readonly longestPauseMs: number
  /** How long an answer may pause, also before its first byte. */
  readonly silenceMs: number
  readonly attemptMs: number
  readonly documentBytes: number
  readonly archiveBytes: number
}

const POLITE = 12

/** npm's own settings where the user made them. npm's defaults are too patient for someone who waits for a plan. */
export function limitsOf(config: NpmConfig, overrides: Partial<Limits> = {}): Limits {
  const { options } = config
  const retry = isRecord(options['retry']) ? options['retry'] : {}
  const set = (key: string, value: unknown, otherwise: number) =>
    config.isSet(key) && typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : otherwise
  return {
    concurrency: Math.max(1, Math.min(POLITE, set('maxsockets', options['maxSockets'], POLITE))),
    attempts: 1 + Math.min(10, set('fetch-retries', retry['retries'], 2)),
    backoffMs: set('fetch-retry-mintimeout', retry['minTimeout'], 500),
    longestPauseMs: 60_000,
    silenceMs: Math.max(1, set('fetch-timeout', options['timeout'], 30_000)),
    attemptMs: Math.max(300_000, set('fetch-timeout', options['timeout'], 0)),
    documentBytes: 200 * 1024 * 1024,
    archiveBytes: 512 * 1024 * 1024,
    ...overrides,
  }
}
