/** scan and plan for each image that a Dockerfile or compose file names. One that cannot be read does not keep the others from being told of. */
import { saysItsKind } from '../../../images/reference.ts'
import { Fault } from '../../../model/faults.ts'
import type { EngineWorld, NamedImage, PlannedImage, PlanRequest, ScanReport, ScanRequest } from '../../engine.ts'
import { type OfImage, planImage, scanImage } from '../image/verbs.ts'
import { namedImages } from './named-images.ts'
import { moveOrReason } from './reference-moves.ts'

export function scanImageFile(world: EngineWorld, request: OfImage<ScanRequest>, path: string): Promise<readonly NamedImage<ScanReport>[]> {
  return eachImage(world, request, path, of => scanImage(world, of))
}

export async function planImageFile(world: EngineWorld, request: OfImage<PlanRequest>, path: string): Promise<readonly PlannedImage[]> {
  const named = await eachImage(world, request, path, of => planImage(world, of))
  return named.map(item => ({ ...item, ...moveOrReason(item) }))
}

/** An image that is named twice is looked at once. */
async function eachImage<Request extends OfImage<ScanRequest>, Result>(
  world: EngineWorld,
  request: Request,
  path: string,
  look: (request: Request) => Promise<Result>,
): Promise<readonly NamedImage<Result>[]> {
  const named = await namedImages(world, path, request.image)
  if (named.length === 0) throw new Fault('dockerfile-invalid', `${path} names no image.`)
  const known = new Map<string, Pick<NamedImage<Result>, 'result' | 'fault'>>()
  const all: NamedImage<Result>[] = []
  for (const item of named) {
    const { reference, platform, role } = item.use
    if (reference !== undefined && saysItsKind(reference)) {
      // A builder knows images in registries alone; a file from elsewhere must not lead to folders of this machine.
      const { reference: _, ...use } = item.use
      all.push({ ...item, use: { ...use, unknown: 'names no image in a registry' } })
      continue
    }
    if (reference === undefined || role === 'copied') {
      all.push(item)
      continue
    }
    const platforms = request.image.platforms.length > 0 || platform === undefined ? request.image.platforms : [platform]
    const key = `${reference} ${platforms.join(' ')}`
    const found =
      known.get(key) ??
      (await resultOrFault(() => look({ ...request, image: { ...request.image, reference, platforms, isReplaceable: true } })))
    known.set(key, found)
    all.push({ ...item, ...found })
  }
  // What was asked for is in none of them.
  const missed = [...known.values()].map(({ fault }) => fault)
  const [first] = missed
  if (first?.code === 'not-found' && missed.every(fault => fault?.code === 'not-found')) throw new Fault(first.code, first.message)
  return all
}

/** What keeps every image from being looked at is told once, as of any target: files are those that options name. */
function isOfNoImage({ code }: Fault): boolean {
  return code === 'usage' || code === 'file-unreadable' || code.startsWith('advisories-')
}

async function resultOrFault<Result>(look: () => Promise<Result>): Promise<Pick<NamedImage<Result>, 'result' | 'fault'>> {
  try {
    return { result: await look() }
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.code === 'internal' || isOfNoImage(fault)) throw fault
    return { fault: { code: fault.code, message: fault.message, hint: fault.hint } }
  }
}
