import type { Receipt } from '../model/receipt.ts'

/**
 * Of receipts, newest first, the first whose change is not known to be taken back. It is known where every file is as it was
 * before the change, or as an older receipt found it or left it. `digests`: of the files as they are now, by path. Undefined when all are taken back.
 */
export function firstInForce<Kept extends { readonly content: Pick<Receipt, 'files' | 'image'> }>(
  receipts: readonly Kept[],
  digests: ReadonlyMap<string, string>,
): Kept | undefined {
  return receipts.find(({ content: { files, image } }, index) => {
    if (image !== undefined || files.length === 0) return true
    if (files.every(({ path, afterSha256 }) => digests.get(path) === afterSha256)) return true
    const older = receipts.slice(index + 1).flatMap(({ content }) => content.files)
    const isBefore = (path: string, beforeSha256: string) => digests.get(path) === beforeSha256
    const isOlder = (path: string) =>
      older.some(file => file.path === path && [file.beforeSha256, file.afterSha256].some(digest => digest === digests.get(path)))
    return !files.every(({ path, beforeSha256 }) => isBefore(path, beforeSha256) || isOlder(path))
  })
}
