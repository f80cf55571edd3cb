/**
 * The plan that can be carried out: archives of what moves are read, and a version whose scripts would have to run, or that has another
 * obstacle, is barred and planned for anew, until nothing is refused.
 */
import { type DebPatch, type PackageUpgrade, patchPackages, type Refusal } from '../../../ecosystems/deb/patch/patch.ts'
import { Fault } from '../../../model/faults.ts'
import type { PlanRequest } from '../../engine.ts'
import { draftOf, type ImageDraft } from './draft.ts'
import type { Base, PlatformSession } from './platform-session.ts'

export interface Settled {
  readonly draft: ImageDraft
  readonly upgrades: readonly PackageUpgrade[]
  /** What the layer is made against, and how many layers on top of the image it replaces. */
  readonly base: Base
  readonly replaceTop: number
  /** Absent where nothing moves. */
  readonly patch?: DebPatch
  /** What had to be left out, and why. */
  readonly refusals: readonly Refusal[]
}

const MOST_ROUNDS = 32

export async function settle(session: PlatformSession, request: PlanRequest, priceList: boolean): Promise<Settled> {
  const barred = new Map<string, string>()
  const refusals: Refusal[] = []
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const draft = await draftOf(session, request, barred, priceList)
    if (draft.moves.length === 0)
      return { draft: told(session, draft, refusals), upgrades: [], base: session.base, replaceTop: 0, refusals }
    const { base, upgrades, replaceTop } = await session.upgrades(draft.moves)
    session.world.progress({ doing: 'Making the layer' })
    const patch = await patchPackages({
      ...base,
      upgrades,
      allowScripts: new Set(session.request.allowScripts),
    })
    if (patch.refusals.length === 0) return { draft: told(session, draft, refusals, patch), upgrades, base, replaceTop, patch, refusals }
    for (const refusal of patch.refusals) {
      refusals.push(refusal)
      barred.set(`${refusal.package}@${refusal.version}`, refusal.reason)
    }
  }
  throw new Fault('planner-limit', `Too many packages need their scripts run: ${refusals.map(item => item.package).join(', ')}.`)
}

function told(session: PlatformSession, draft: ImageDraft, refusals: readonly Refusal[], patch?: DebPatch): ImageDraft {
  const notes = [
    ...draft.plan.notes,
    ...refusals.map(({ package: name, version, reason }) => `${name} ${version} was left out: ${reason}.`),
    ...(patch?.notes ?? []).map(({ package: name, text }) => `${name}: ${text}`),
    ...idleAllowances(session, draft),
  ]
  return { ...draft, plan: { ...draft.plan, notes } }
}

/** `--allow-script` for what does not move is likely a slip of the pen. */
function idleAllowances({ request }: PlatformSession, { moves }: ImageDraft): readonly string[] {
  return request.allowScripts
    .filter(name => !moves.some(({ key, to }) => name === key || name === to.name))
    .map(name => `No package called ${name} changes here, so --allow-script ${name} allows nothing.`)
}
