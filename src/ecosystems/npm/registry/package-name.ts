const LONGEST = 214
const NAME = /^(?:@[a-z0-9\-~!*'()][a-z0-9\-._~!*'()]*\/)?[a-z0-9\-~!*'()][a-z0-9\-._~!*'()]*$/i

/**
 * Whether a registry can have a package of this name: npm's rules for names old and new, so no path, no space, no
 * control character, no leading dot or underscore.
 */
export function isPackageName(name: string): boolean {
  return name.length > 0 && name.length <= LONGEST && NAME.test(name)
}

/** `@scope`, or undefined for a name without one. */
export function scopeOf(name: string): string | undefined {
  return name.startsWith('@') ? name.slice(0, name.indexOf('/')) : undefined
}

/** As it stands in a registry's URLs. */
export function escapeName(name: string): string {
  return name.replace('/', '%2f')
}
