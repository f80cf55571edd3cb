import type { Fetch } from './http.ts'

/** A `fetch` that goes through the proxies named by the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), loaded only when there are any. */
export function proxiedFetch(environment: Readonly<Record<string, string | undefined>>): Fetch {
  const setting = (name: string): string | undefined => environment[name.toLowerCase()] || environment[name] || undefined
  const [httpProxy, httpsProxy, noProxy] = [setting('HTTP_PROXY'), setting('HTTPS_PROXY'), setting('NO_PROXY')]
  if (httpProxy === undefined && httpsProxy === undefined) return (url, init) => fetch(url, init)
  let through: Promise<Fetch> | undefined
  const load = async (): Promise<Fetch> => {
    const undici = await import('undici')
    const dispatcher = new undici.EnvHttpProxyAgent({
      // An empty text keeps undici from reading the process's own environment.
      httpProxy: httpProxy ?? '',
      httpsProxy: httpsProxy ?? httpProxy ?? '',
      noProxy: noProxy ?? '',
    })
    return async (url, init) => {
      const { status, headers, body } = await undici.fetch(url, { ...init, dispatcher })
      // The two libraries' answers differ in their types only.
      return new Response(status === 204 || status === 304 ? null : ReadableStream.from(body ?? []), { status, headers: [...headers] })
    }
  }
  return async (url, init) => {
    through ??= load()
    return (await through)(url, init)
  }
}
