declare const sha256Brand: unique symbol

/** A SHA-256 in lower-case hexadecimal, 64 characters. */
export type Sha256 = string & { readonly [sha256Brand]: true }

export function sha256FromHex(hex: string): Sha256 {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new TypeError(`not a SHA-256: ${hex}`)
  return hex as Sha256
}
