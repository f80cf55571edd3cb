/** The few settings of apt that matter here, from files in its own syntax. Source: apt.conf(5). */

/** Lower-case name (`acquire::http::proxy`) → the last value. Lists and directives are passed over. */
export type AptSettings = ReadonlyMap<string, string>

const TOKEN = /"((?:[^"\\\n]|\\.)*)"|[{};]|[^\s"{};]+/g
const LONGEST = 1024 * 1024
const DEEPEST = 50

export function readAptConf(texts: readonly string[]): AptSettings {
  const settings = new Map<string, string>()
  for (const text of texts) if (text.length <= LONGEST) readInto(settings, withoutComments(text))
  return settings
}

function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\*[\s\S]*?\*\/|\/\/.*|(?<=^|\s)#.*/gm, found => (found.startsWith('"') ? found : ' '))
}

function readInto(settings: Map<string, string>, text: string): void {
  const scopes: string[] = []
  let name: string | undefined
  let value: string | undefined
  for (const [token, quoted] of text.matchAll(TOKEN)) {
    if (token === '{') {
      if (scopes.length >= DEEPEST) return
      scopes.push(name ?? '')
      name = undefined
      value = undefined
    } else if (token === '}' || token === ';') {
      if (name !== undefined && value !== undefined)
        settings.set(
          [...scopes, name]
            .filter(part => part !== '')
            .join('::')
            .toLowerCase(),
          value,
        )
      name = undefined
      value = undefined
      if (token === '}') scopes.pop()
    } else if (name === undefined && quoted === undefined) name = token
    else if (name !== undefined) value = quoted ?? token
  }
}

export function isOff(value: string | undefined): boolean {
  return value !== undefined && /^(no|false|without|off|disable|0)$/i.test(value)
}
