import type { Engine, EngineWorld } from './engine.ts'

/** Wires the stages together. Each verb loads only what it runs. */
export async function openEngine(world: EngineWorld): Promise<Engine> {
  return {
    scan: async request => (await import('./engine/scan.ts')).scan(world, request),
    explain: async (request, subject) => (await import('./engine/scan.ts')).explain(world, request, subject),
    plan: async request => {
      const [{ draftPlan }, { Session }] = await Promise.all([import('./engine/planner.ts'), import('./engine/session.ts')])
      return draftPlan(new Session(world, request), request)
    },
    fix: async request => (await import('./engine/fix.ts')).fix(world, request),
    undo: async request => (await import('./engine/undo.ts')).undo(request),
    receipts: async folder => (await import('./engine/undo.ts')).receipts(folder),
    databaseStatus: async advisories => (await import('./engine/session.ts')).openDatabase(world, advisories).status,
    databaseUpdate: async ({ from, ecosystems }) => {
      const [{ updateAdvisories }, { proxiedFetch }, { homeFolder }, { join }] = await Promise.all([
        import('../advisories/update.ts'),
        import('../advisories/proxied-fetch.ts'),
        import('./engine/session.ts'),
        import('node:path'),
      ])
      return updateAdvisories({
        folder: join(homeFolder(world.environment), 'advisories'),
        ...(from === undefined ? {} : { source: from }),
        // What Suture can fix today; name others to hold them too.
        ecosystems: ecosystems.length > 0 ? ecosystems : ['npm'],
        fetch: proxiedFetch(world.environment),
        now: world.now,
        progress: world.progress,
      })
    },
  }
}
