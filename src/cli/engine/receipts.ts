/** Receipts on the disk: the newest, one by name, all of them. */
import { readdir, readFile } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { Fault } from '../../model/faults.ts'
import type { Receipt } from '../../model/receipt.ts'
import { verifyingKey } from '../../record/envelope.ts'
import { readReceipt } from '../../record/read-receipt.ts'
import { RECEIPTS_FOLDER } from '../../record/receipt.ts'
import type { ReceiptSummary, UndoResult } from '../engine.ts'

export interface ReceiptOnDisk {
  /** Relative to the folder. */
  readonly path: string
  readonly content: Receipt
  readonly signature: UndoResult['signature']
  /** See `OpenedReceipt`. */
  readonly contentId: string
}

/** `receipt`: a path, from here or from the folder; the newest unless given. `key`: what its signature has to verify with. */
export async function openReceipt({ folder, receipt, key }: { folder: string; receipt?: string; key?: string }): Promise<ReceiptOnDisk> {
  const path =
    receipt === undefined
      ? await newest(folder)
      : isAbsolute(receipt)
        ? receipt
        : await firstExisting([resolve(receipt), join(folder, receipt)])
  const verifier = key === undefined ? undefined : verifyingKey(await readText(key, 'key-invalid'))
  const { receipt: content, signature, contentId } = readReceipt(await readText(path, 'receipt-invalid'), verifier)
  return {
    path: relative(folder, path).replaceAll('\\', '/'),
    content,
    contentId,
    signature: signature === 'verified' ? 'verified' : signature === 'none' ? 'unsigned' : 'not checked',
  }
}

/** Newest first, in short. */
export async function receipts(folder: string): Promise<readonly ReceiptSummary[]> {
  return (await allReceipts(folder)).map(({ path, content: { created, changes } }) => ({
    path,
    created,
    changes: changes.length,
    fixes: changes.reduce((sum, change) => sum + change.fixes.length, 0),
  }))
}

/** Newest first; paths are relative to the folder. */
export async function allReceipts(folder: string): Promise<readonly Pick<ReceiptOnDisk, 'path' | 'content'>[]> {
  const found: Pick<ReceiptOnDisk, 'path' | 'content'>[] = []
  for (const name of await names(folder)) {
    const path = `${RECEIPTS_FOLDER}/${name}`
    try {
      found.push({ path, content: readReceipt(await readFile(join(folder, path), 'utf8')).receipt })
    } catch {
      // A file that is no receipt may be anyone's.
    }
  }
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  return found.sort((a, b) => order(b.content.created, a.content.created) || order(a.path, b.path))
}

async function newest(folder: string): Promise<string> {
  const [last] = await receipts(folder)
  if (last === undefined) throw new Fault('receipt-invalid', `${folder} holds no receipt.`)
  return join(folder, last.path)
}

/** What stands beside the receipts of images, and may be large. */
const EVIDENCE = /\.(openvex|cdx|spdx)\.json$/

async function names(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(join(folder, RECEIPTS_FOLDER))).filter(name => name.endsWith('.json') && !EVIDENCE.test(name))
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

export async function readText(path: string, code: 'receipt-invalid' | 'key-invalid' | 'file-unreadable'): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Fault(code, `${path} cannot be read.`, { cause })
  }
}
