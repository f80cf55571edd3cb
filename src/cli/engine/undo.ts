import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { recover, writeFiles } from '../../apply/write-files.ts'
import { Fault } from '../../model/faults.ts'
import { digestOf } from '../../record/digest-of.ts'
import { firstInForce } from '../../record/in-force.ts'
import { undo as takeBack } from '../../record/undo.ts'
import type { EngineWorld, UndoRequest, UndoResult } from '../engine.ts'
import { allReceipts, openReceipt, readText } from './receipts.ts'

export async function undo(world: EngineWorld, request: UndoRequest): Promise<UndoResult> {
  const { folder, dryRun, insecure } = request
  if (!dryRun) await recover(folder)
  const receipt = request.receipt ?? (await newestInForce(folder))
  const { path, content, signature } = await openReceipt({ ...request, ...(receipt === undefined ? {} : { receipt }) })
  if (content.image !== undefined) await (await import('./image/undo.ts')).undoImage(world, content.image, dryRun, insecure)
  else {
    const current = new Map<string, string>()
    for (const file of content.files) current.set(file.path, await readText(join(folder, file.path), 'file-unreadable'))
    const files = takeBack(content, current)
    if (!dryRun) await writeFiles(folder, files)
  }
  return { receipt: path, content, written: !dryRun, signature }
}

/** Where an act left several receipts, or some were taken back already, the one that is next; undefined where there is none. */
async function newestInForce(folder: string): Promise<string | undefined> {
  const found = await allReceipts(folder)
  const digests = new Map<string, string>()
  for (const path of new Set(found.flatMap(({ content }) => content.files.map(file => file.path)))) {
    const text = await readFile(join(folder, path), 'utf8').catch(() => undefined)
    if (text !== undefined) digests.set(path, digestOf(text))
  }
  const next = firstInForce(found, digests)
  if (next !== undefined) return join(folder, next.path)
  if (found.length === 0) return undefined
  throw new Fault('undo-conflict', 'Every change that .suture/receipts tells of is taken back already.', {
    hint: 'Run suture fix to make it anew.',
  })
}
