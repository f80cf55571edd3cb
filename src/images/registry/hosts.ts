/** What kind of place a host's name is. Names are judged as they are written; nothing is resolved. */

export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, '')
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

/** A registry elsewhere must not lead requests into this machine or to the addresses where clouds keep secrets. */
export function isPrivateTo(hostname: string, registry: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, '')
  const local =
    isLoopback(name) || /^169\.254\./.test(name) || /^fe80:/.test(name) || /^::ffff:/.test(name) || name === '::' || /^0\./.test(name)
  return local && !isLoopback(hostnameOf(registry))
}

/** A host without its port. */
export function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, '')
}
