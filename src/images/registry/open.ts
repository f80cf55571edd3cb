/** Everything that this machine says about registries, put together: what turns a reference into a source or a sink. */

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ImageSink, ImageSource } from '../../model/image.ts'
import type { RegistryReference } from '../reference.ts'
import { certificatesFrom } from './certificates.ts'
import { type RegistryAccess, registryClient } from './client.ts'
import type { RegistriesConfiguration } from './configuration.ts'
import { locationsOf, readConfiguration } from './configuration.ts'
import { credentialsFrom } from './credentials.ts'
import { registrySink } from './sink.ts'
import { registrySource } from './source.ts'
import { listTags } from './tags.ts'
import { networkTransport } from './transport.ts'

export interface RegistriesOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** Plain HTTP and certificates that nobody vouches for are accepted, of every registry. */
  readonly insecure?: boolean
  /** `/etc` unless given. */
  readonly etc?: string
}

export interface Registries {
  readonly configuration: RegistriesConfiguration
  source(reference: RegistryReference): ImageSource
  sink(reference: RegistryReference): ImageSink
  /** Of the reference's repository; empty where the registry lists none. */
  tags(reference: RegistryReference): Promise<readonly string[]>
  /** Ends the connections that are kept open. */
  close(): Promise<void>
}

/** Faults: `image-registry-config`. */
export async function openRegistries({ environment, home, insecure = false, etc = '/etc' }: RegistriesOptions): Promise<Registries> {
  const configuration = await readConfiguration(environment, home, etc)
  const configHome = environment['XDG_CONFIG_HOME'] || join(home, '.config')
  const folders = [join(etc, 'docker', 'certs.d'), join(etc, 'containers', 'certs.d'), join(configHome, 'containers', 'certs.d')]
  const transport = networkTransport({ environment, certificates: certificatesFrom(environment, folders) })
  const access: RegistryAccess = {
    transport,
    credentials: credentialsFrom({ environment, home }),
    sleep: async milliseconds => {
      await delay(milliseconds)
    },
  }
  const locations = (reference: RegistryReference) =>
    locationsOf(configuration, reference).map(location => (insecure ? { ...location, insecure: true } : location))
  return {
    configuration,
    source: reference => registrySource(access, reference, locations(reference)),
    sink(reference) {
      const place = locations(reference).at(-1)
      return registrySink(access, reference, place ?? { host: reference.host, repository: reference.repository, insecure })
    },
    async tags(reference) {
      const place = locations(reference).at(-1)
      return place === undefined ? [] : listTags(registryClient(access, place))
    },
    close: () => transport.close(),
  }
}
