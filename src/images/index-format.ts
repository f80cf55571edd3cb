/**
 * A layer's index as bytes: a mark, a SHA-256 of all that follows, then columns. Loading is decoding the paths; everything else is a view
 * or waits until it is asked for.
 */
import { createHash } from 'node:crypto'
import type { Column } from './index-columns.ts'
import { alignedCopy, asFloat64, asUint16, asUint32, layOut, sectionsOf } from './index-columns.ts'
import type { ContentExtract, LayerIndex } from './layer-index.ts'
import { decodePaths, encodePaths } from './path-columns.ts'

/** Changes with the format: another one is not read. */
const MARK = Buffer.from('suture layer 3\0\0')
const START = MARK.length + 32

interface Texts {
  readonly unitOrder: boolean
  readonly targets: readonly (readonly [number, string])[]
  readonly xattrs: readonly (readonly [number, readonly (readonly [string, string])[]])[]
  readonly whiteouts: readonly string[]
  readonly opaque: readonly string[]
  /** Content number and length of each kept content, in the order in which they follow one another. */
  readonly kept: readonly (readonly [number, number])[]
  readonly digests: boolean
}

export function encodeIndex(index: LayerIndex): Buffer {
  const { places, names, folders } = encodePaths(index.paths)
  const texts: Texts = {
    unitOrder: index.unitOrder,
    targets: [...index.targets],
    xattrs: [...index.xattrs].map(([at, values]) => [at, Object.entries(values)]),
    whiteouts: index.whiteouts,
    opaque: index.opaque,
    kept: [...index.kept].map(([content, bytes]) => [content, bytes.length]),
    digests: index.digests !== undefined,
  }
  const sections: Column[] = [
    Buffer.from(JSON.stringify(texts)),
    places,
    names,
    folders,
    index.types,
    index.modes,
    index.uids,
    index.gids,
    index.mtimes,
    index.contents,
    index.contentBlocks,
    index.contentSizes,
    index.digests ?? new Uint8Array(),
    Buffer.from(JSON.stringify(index.extracts())),
    Buffer.concat([...index.kept.values()]),
  ]
  const body = layOut(sections)
  return Buffer.concat([MARK, createHash('sha256').update(body).digest(), body])
}

/** Undefined where the bytes are damaged or of another format. */
export function decodeIndex(bytes: Buffer): LayerIndex | undefined {
  if (bytes.length < START || !bytes.subarray(0, MARK.length).equals(MARK)) return undefined
  const sum = createHash('sha256').update(bytes.subarray(START)).digest()
  if (!sum.equals(bytes.subarray(MARK.length, START))) return undefined
  const sections = sectionsOf(alignedCopy(bytes), START)
  if (sections?.length !== 15) return undefined
  const [textBytes, places, names, folders, types, modes, uids, gids, mtimes, contents, blocks, sizes, digests, extracts, kept] = sections
  if (!textBytes || !places || !names || !folders || !types || !modes || !uids || !gids || !mtimes || !contents) return undefined
  if (!blocks || !sizes || !digests || !extracts || !kept) return undefined
  const texts: Texts = JSON.parse(textBytes.toString('utf8'))
  return {
    paths: decodePaths(asUint32(places), names, folders),
    unitOrder: texts.unitOrder,
    types,
    modes: asUint16(modes),
    uids: asUint32(uids),
    gids: asUint32(gids),
    mtimes: asFloat64(mtimes),
    contents: asUint32(contents),
    targets: new Map(texts.targets),
    xattrs: new Map(texts.xattrs.map(([at, values]) => [at, withoutPrototype(values)])),
    whiteouts: texts.whiteouts,
    opaque: texts.opaque,
    contentBlocks: asUint32(blocks),
    contentSizes: asFloat64(sizes),
    ...(texts.digests ? { digests } : {}),
    kept: keptOf(texts.kept, kept),
    extracts: once(() => JSON.parse(extracts.toString('utf8'))),
  }
}

function keptOf(list: Texts['kept'], bytes: Buffer): ReadonlyMap<number, Uint8Array> {
  const kept = new Map<number, Uint8Array>()
  let at = 0
  for (const [content, length] of list) {
    kept.set(content, bytes.subarray(at, at + length))
    at += length
  }
  return kept
}

function withoutPrototype(values: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  const object: Record<string, string> = Object.create(null)
  for (const [key, value] of values) object[key] = value
  return object
}

function once(make: () => readonly ContentExtract[]): () => readonly ContentExtract[] {
  let made: readonly ContentExtract[] | undefined
  return () => {
    made ??= make()
    return made
  }
}
