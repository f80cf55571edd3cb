/** What is used of two npm packages that come without types. */
declare module '@npmcli/config' {
  export interface ConfigOptions {
    definitions: unknown
    shorthands: unknown
    flatten: unknown
    nerfDarts: readonly string[]
    npmPath: string
    env: Record<string, string | undefined>
    argv: readonly string[]
    platform: string
    execPath: string
    cwd: string
    warn: boolean
  }

  export default class Config {
    static readonly typeDefs: { url: { validate: (data: Record<string, unknown>, key: string, value: unknown) => boolean } }
    constructor(options: ConfigOptions)
    load(): Promise<void>
    validate(): boolean
    isDefault(key: string): boolean
    readonly flat: Readonly<Record<string, unknown>>
  }
}

declare module '@npmcli/config/lib/definitions/index.js' {
  const definitions: {
    definitions: Record<string, { default: unknown }>
    shorthands: unknown
    flatten: unknown
    nerfDarts: readonly string[]
  }
  export default definitions
}

declare module 'npm-registry-fetch' {
  export interface Answer {
    readonly status: number
    readonly headers: { get(name: string): string | null }
    readonly body: AsyncIterable<Uint8Array> & { destroy(): void }
  }

  export default function fetch(uri: string, options: Readonly<Record<string, unknown>>): Promise<Answer>
}
