/** Stock `npm audit fix` on a copy of a project, with the audit request answered from OSV records. */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { type AuditServer, startAuditServer } from './audit-server.ts'
import { npmReason, runNpm } from './native.ts'
import type { OsvRecord } from './osv.ts'

export interface AuditFix {
  readonly seconds: number
  /** 1 whenever anything is left; tells nothing about success. */
  readonly code: number | null
  /** Empty unless npm gave up. */
  readonly failure: string
}

/** The registry that npm is configured with; the only place it may be learnt from. */
export async function configuredRegistry(cwd: string): Promise<string> {
  const { stdout } = await runNpm(cwd, ['config', 'get', 'registry'])
  const registry = stdout.trim()
  return registry.endsWith('/') ? registry : `${registry}/`
}

export async function npmAuditFix(projectFolder: string, afterFolder: string, server: AuditServer): Promise<AuditFix> {
  rmSync(afterFolder, { recursive: true, force: true })
  mkdirSync(afterFolder, { recursive: true })
  cpSync(projectFolder, afterFolder, { recursive: true })
  const run = await runNpm(afterFolder, ['audit', 'fix', '--package-lock-only', `--registry=${server.url}`], 600)
  const gaveUp = run.code === null || /npm error code/.test(run.stderr)
  return { seconds: run.seconds, code: run.code, failure: gaveUp ? npmReason(run) : '' }
}

export async function withAuditServer<T>(
  records: readonly OsvRecord[],
  cacheFolder: string,
  use: (server: AuditServer) => Promise<T>,
): Promise<T> {
  const server = await startAuditServer({ records, upstream: await configuredRegistry(process.cwd()), cacheFolder })
  try {
    return await use(server)
  } finally {
    await server.close()
  }
}
