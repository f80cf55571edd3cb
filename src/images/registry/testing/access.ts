/** A registry's client for tests: the real network, no pauses, credentials by hand. */
import type { RegistryReference } from '../../reference.ts'
import { parseReference } from '../../reference.ts'
import type { RegistryAccess } from '../client.ts'
import type { FindCredentials } from '../credentials.ts'
import { networkTransport } from '../transport.ts'

export function testAccess(credentials: FindCredentials = async () => undefined): RegistryAccess & { readonly pauses: number[] } {
  const pauses: number[] = []
  return {
    transport: networkTransport({ environment: {}, certificates: async () => ({ ca: [] }) }),
    credentials,
    sleep: async milliseconds => {
      pauses.push(milliseconds)
    },
    pauses,
  }
}

export function registryReference(text: string): RegistryReference {
  const reference = parseReference(text)
  if (reference.kind === 'registry') return reference
  throw new Error(`${text} is in no registry`)
}
