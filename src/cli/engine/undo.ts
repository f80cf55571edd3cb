import { join } from 'node:path'
import { recover, writeFiles } from '../../apply/write-files.ts'
import { undo as takeBack } from '../../record/undo.ts'
import type { EngineWorld, UndoRequest, UndoResult } from '../engine.ts'
import { openReceipt, readText } from './receipts.ts'

export async function undo(world: EngineWorld, request: UndoRequest): Promise<UndoResult> {
  const { folder, dryRun, insecure } = request
  if (!dryRun) await recover(folder)
  const { path, content, signature } = await openReceipt(request)
  if (content.image !== undefined) await (await import('./image/undo.ts')).undoImage(world, content.image, dryRun, insecure)
  else {
    const current = new Map<string, string>()
    for (const file of content.files) current.set(file.path, await readText(join(folder, file.path), 'file-unreadable'))
    const files = takeBack(content, current)
    if (!dryRun) await writeFiles(folder, files)
  }
  return { receipt: path, content, written: !dryRun, signature }
}
