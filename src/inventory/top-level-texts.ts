/**
 * Two texts of a JSON object without making the rest of it: an image has thousands of manifests, of which only name and version matter. What is
 * not plainly there (escapes, no text, no object) is left to JSON.parse. A file that is broken elsewhere is read all the same.
 */
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/** The values of these keys at the top, the last of each as JSON.parse has it; undefined where JSON.parse has to look. */
export function topLevelTexts(bytes: Buffer, keys: readonly string[]): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>()
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) {
      const end = textEnd(bytes, at + 1, depth === 1)
      if (end < 0) return undefined
      const next = depth === 1 ? afterBlanks(bytes, end + 1) : 0
      const key = depth === 1 && bytes[next] === COLON ? keyAt(bytes, at + 1, end, keys) : undefined
      at = end
      if (key === undefined) continue
      const start = afterBlanks(bytes, next + 1)
      const last = bytes[start] === QUOTE ? textEnd(bytes, start + 1, true) : -1
      if (last < 0) return undefined
      found.set(key, bytes.toString('utf8', start + 1, last))
      at = last
    } else if (byte === 0x7b || byte === 0x5b) {
      if (depth === 0 && byte === 0x5b) return undefined
      depth++
    } else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) {
      return afterBlanks(bytes, at + 1) === bytes.length ? found : undefined
    }
  }
  return undefined
}

/** Where the text's closing quote is; -1 if nowhere, or where a plain text is wanted and it has an escape. */
function textEnd(bytes: Buffer, from: number, isPlain: boolean): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) return at
    if (byte === BACKSLASH) {
      if (isPlain) return -1
      at++
    }
  }
  return -1
}

function afterBlanks(bytes: Buffer, from: number): number {
  let at = from
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at]) at++
  return at
}

function keyAt(bytes: Buffer, start: number, end: number, keys: readonly string[]): string | undefined {
  return keys.find(key => {
    if (key.length !== end - start) return false
    for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key.charCodeAt(i)) return false
    return true
  })
}
