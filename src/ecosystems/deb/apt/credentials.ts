/** Names and passwords for repositories, as apt keeps them. Source: apt_auth.conf(5). */

export interface Login {
  /** Undefined: https only, as apt has it. */
  readonly protocol?: string
  readonly host: string
  readonly port?: string
  /** The start of the path, with its `/`; empty for all. */
  readonly path: string
  readonly login: string
  readonly password: string
}

/** Reads `machine … login … password …` in netrc's way. What is incomplete is passed over. */
export function readLogins(text: string): Login[] {
  const tokens = text
    .replace(/^\s*#.*$/gm, '')
    .split(/\s+/)
    .filter(token => token !== '')
  const logins: Login[] = []
  let [machine, login, password]: [string | undefined, string, string] = [undefined, '', '']
  const finish = (): void => {
    const [, protocol, host, port, path = ''] = /^(?:([a-z+]+):\/\/)?([^/:]+)(?::(\d+))?(\/.*)?$/i.exec(machine ?? '') ?? []
    if (host !== undefined && login !== '')
      logins.push({
        ...(protocol !== undefined && { protocol: `${protocol.toLowerCase()}:` }),
        host: host.toLowerCase(),
        ...(port !== undefined && { port }),
        path,
        login,
        password,
      })
  }
  for (let i = 0; i + 1 < tokens.length; i += 2) {
    const [key, value = ''] = [tokens[i], tokens[i + 1]]
    if (key === 'machine') {
      finish()
      machine = value
      login = ''
      password = ''
    } else if (key === 'login') login = value
    else if (key === 'password') password = value
  }
  finish()
  return logins
}

/** `user:password` for an address; the first that fits. */
export function loginFor(url: string, logins: readonly Login[]): string | undefined {
  const { protocol, hostname, port, pathname } = new URL(url)
  const found = logins.find(
    login =>
      (login.protocol ?? 'https:') === protocol &&
      login.host === hostname.toLowerCase() &&
      (login.port === undefined || login.port === port) &&
      (login.path === '' || pathname === login.path || pathname.startsWith(login.path.endsWith('/') ? login.path : `${login.path}/`)),
  )
  return found === undefined ? undefined : `${found.login}:${found.password}`
}
