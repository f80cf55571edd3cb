/**
 * Programs that an image wants to have run for changed authorities, as update-ca-certificates(8) does. Nobody runs them here, so they stand
 * in the way, but for Java's where it is known to do nothing.
 */
import type { ImageFiles } from '../../../../model/image.ts'
import type { DpkgDatabase } from '../../read-status.ts'
import { type ChangingPackage, controlText } from '../changing-package.ts'
import { md5 } from '../unpack.ts'

const HOOKS = 'etc/ca-certificates/update.d'
const JAVA_HOOK = `${HOOKS}/jks-keystore`
const JAVA_STORE = 'etc/ssl/certs/java/cacerts'
const JAVA_STATE = 'var/lib/ca-certificates-java'

export interface CertificateHooks {
  /** With leading `/`. */
  readonly inTheWay: readonly string[]
  readonly notes: readonly string[]
}

/** For a package whose scripts renew the authorities. */
export async function certificateHooks(change: ChangingPackage, files: ImageFiles, database: DpkgDatabase): Promise<CertificateHooks> {
  const all = files.children(files.follow(HOOKS)?.path ?? HOOKS).map(name => `${HOOKS}/${name}`)
  const isIdle = all.includes(JAVA_HOOK) && runsHooksAfterwards(change) && (await findsNothing(files, database))
  return {
    inTheWay: all.filter(path => !isIdle || path !== JAVA_HOOK).map(path => `/${path}`),
    notes: isIdle
      ? [
          `Java’s key store /${JAVA_STORE} keeps the authorities that it has, as with apt-get: Debian’s hook is told of none that changed; update-ca-certificates --fresh renews it`,
        ]
      : [],
  }
}

/** Debian's ca-certificates renews the authorities without hooks first, and then with them, when nothing changes any more. */
function runsHooksAfterwards(change: ChangingPackage): boolean {
  return change.to.name === 'ca-certificates' && /update-ca-certificates --hooksdir ""/.test(controlText(change, 'postinst'))
}

/** The hook is the one that Debian's package brought, there is a store, and nothing is left to be done from before. */
async function findsNothing(files: ImageFiles, { packages }: DpkgDatabase): Promise<boolean> {
  const hook = files.follow(JAVA_HOOK)
  const recorded = packages.find(({ name }) => name === 'ca-certificates-java')?.conffiles.find(({ path }) => path === `/${JAVA_HOOK}`)
  if (hook?.type !== 'file' || recorded === undefined) return false
  const content = (await files.read([hook.path])).get(hook.path) ?? new Uint8Array()
  const state = files.follow(JAVA_STATE)
  const idle = files.follow(JAVA_STORE)?.type === 'file' && state?.type === 'directory' && files.children(state.path).length === 0
  return idle && md5(content) === recorded.md5
}
