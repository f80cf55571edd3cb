/** The advisories that a command works with: those it is told of, else what Suture fetched, else what came with it. */
import { join } from 'node:path'
import { openAdvisories } from '../../advisories/open.ts'
import type { AdvisoryDatabase } from '../../model/advisory.ts'
import { dataFolder } from '../data-folder.ts'
import type { EngineWorld } from '../engine.ts'
import { homeFolder } from '../home-folder.ts'

export function openDatabase(world: EngineWorld, explicit: string | undefined): AdvisoryDatabase {
  return openAdvisories({
    folder: join(homeFolder(world.environment), 'advisories'),
    bundledFolder: dataFolder(),
    progress: world.progress,
    ...(explicit === undefined ? {} : { explicit }),
  })
}
