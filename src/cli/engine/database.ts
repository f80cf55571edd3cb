/** The advisories that a command works with: those it is told of, else what Suture fetched, else what came with it. */
import { join } from 'node:path'
import { openAdvisories } from '../../advisories/open.ts'
import type { AdvisoryDatabase } from '../../model/advisory.ts'
import { dataFolder } from '../data-folder.ts'
import type { EngineWorld } from '../engine.ts'
import { homeFolder } from '../home-folder.ts'

/** `ecosystem`: where no other will be asked about. */
export function openDatabase(world: EngineWorld, explicit: string | undefined, ecosystem?: string): AdvisoryDatabase {
  return openAdvisories({
    folder: join(homeFolder(world.environment), 'advisories'),
    bundledFolder: dataFolder(),
    progress: world.progress,
    ...(explicit === undefined ? {} : { explicit }),
    ...(ecosystem === undefined ? {} : { ecosystem }),
  })
}
