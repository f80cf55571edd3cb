import type { Engine, EngineWorld, ImageRequest, ScanRequest } from './engine.ts'

function isOfImage<T extends ScanRequest>(request: T): request is T & { readonly image: ImageRequest } {
  return request.image !== undefined
}

/** Wires the stages together. Each verb loads only what it runs. */
export async function openEngine(world: EngineWorld): Promise<Engine> {
  return {
    scan: async request =>
      isOfImage(request)
        ? (await import('./engine/image/verbs.ts')).scanImage(world, request)
        : (await import('./engine/scan.ts')).scan(world, request),
    explain: async (request, subject) =>
      isOfImage(request)
        ? (await import('./engine/image/verbs.ts')).explainImage(world, request, subject)
        : (await import('./engine/scan.ts')).explain(world, request, subject),
    plan: async request => {
      if (isOfImage(request)) return (await import('./engine/image/verbs.ts')).planImage(world, request)
      const [{ draftPlan }, { Session }] = await Promise.all([import('./engine/planner.ts'), import('./engine/session.ts')])
      return draftPlan(new Session(world, request), request)
    },
    scanImageFile: async (request, path) => (await import('./engine/image-files/each-image.ts')).scanImageFile(world, request, path),
    planImageFile: async (request, path) => (await import('./engine/image-files/each-image.ts')).planImageFile(world, request, path),
    fixImageFile: async (request, path) => (await import('./engine/image-files/fix-image-file.ts')).fixImageFile(world, request, path),
    fix: async request =>
      isOfImage(request)
        ? (await import('./engine/image/fix.ts')).fixImage(world, request)
        : (await import('./engine/fix.ts')).fix(world, request),
    undo: async request => (await import('./engine/undo.ts')).undo(world, request),
    verify: async request => (await import('./engine/image/verify.ts')).verifyImage(world, request),
    receipts: async folder => (await import('./engine/receipts.ts')).receipts(folder),
    databaseStatus: async advisories => (await import('./engine/database.ts')).openDatabase(world, advisories).status,
    databaseUpdate: async ({ from, ecosystems }) => {
      const [{ updateAdvisories }, { proxiedFetch }, { homeFolder }, { join }] = await Promise.all([
        import('../advisories/update.ts'),
        import('../advisories/proxied-fetch.ts'),
        import('./home-folder.ts'),
        import('node:path'),
      ])
      return updateAdvisories({
        folder: join(homeFolder(world.environment), 'advisories'),
        ...(from === undefined ? {} : { source: from }),
        ecosystems,
        fetch: proxiedFetch(world.environment),
        now: world.now,
        progress: world.progress,
      })
    },
  }
}
