import { Fault } from '../model/faults.ts'
import type { Engine, EngineWorld } from './engine.ts'

/** Wires the stages together. */
export async function openEngine(world: EngineWorld): Promise<Engine> {
  throw new Fault('internal', `the stages of Suture ${world.toolVersion} are not wired into the command line`)
}
