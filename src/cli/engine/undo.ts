import { readdir, readFile } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { recover, writeFiles } from '../../apply/write-files.ts'
import { Fault } from '../../model/faults.ts'
import { verifyingKey } from '../../record/envelope.ts'
import { RECEIPTS_FOLDER, readReceipt } from '../../record/receipt.ts'
import { undo as takeBack } from '../../record/undo.ts'
import type { ReceiptSummary, UndoRequest, UndoResult } from '../engine.ts'

export async function undo({ folder, receipt, dryRun, key }: UndoRequest): Promise<UndoResult> {
  if (!dryRun) await recover(folder)
  const path =
    receipt === undefined
      ? await newest(folder)
      : isAbsolute(receipt)
        ? receipt
        : await firstExisting([resolve(receipt), join(folder, receipt)])
  const verifier = key === undefined ? undefined : verifyingKey(await read(key, 'key-invalid'))
  const { receipt: content, signature } = readReceipt(await read(path, 'receipt-invalid'), verifier)
  const current = new Map<string, string>()
  for (const file of content.files) current.set(file.path, await read(join(folder, file.path), 'file-unreadable'))
  const files = takeBack(content, current)
  if (!dryRun) await writeFiles(folder, files)
  return {
    receipt: relative(folder, path).replaceAll('\\', '/'),
    content,
    written: !dryRun,
    signature: signature === 'verified' ? 'verified' : signature === 'none' ? 'unsigned' : 'not checked',
  }
}

/** Newest first. A file that is no receipt is left out: it may be anyone's. */
export async function receipts(folder: string): Promise<readonly ReceiptSummary[]> {
  const found: ReceiptSummary[] = []
  for (const name of await names(folder)) {
    const path = `${RECEIPTS_FOLDER}/${name}`
    const content = await summary(join(folder, path))
    if (content !== undefined) found.push({ path, ...content })
  }
  return found.sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : a.path < b.path ? 1 : -1))
}

async function summary(path: string): Promise<Omit<ReceiptSummary, 'path'> | undefined> {
  try {
    const { receipt } = readReceipt(await readFile(path, 'utf8'))
    return {
      created: receipt.created,
      changes: receipt.changes.length,
      fixes: receipt.changes.reduce((sum, change) => sum + change.fixes.length, 0),
    }
  } catch {
    return undefined
  }
}

async function newest(folder: string): Promise<string> {
  const [last] = await receipts(folder)
  if (last === undefined) throw new Fault('receipt-invalid', `${folder} holds no receipt.`)
  return join(folder, last.path)
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(join(folder, RECEIPTS_FOLDER))).filter(name => name.endsWith('.json'))
  } catch {
    return []
  }
}

async function firstExisting(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const found = await readFile(path).then(
      () => true,
      () => false,
    )
    if (found) return path
  }
  throw new Fault('receipt-invalid', `There is no receipt at ${paths[0]}.`)
}

async function read(path: string, code: 'receipt-invalid' | 'key-invalid' | 'file-unreadable'): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Fault(code, `${path} cannot be read.`, { cause })
  }
}
