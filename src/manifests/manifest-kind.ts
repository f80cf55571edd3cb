/** Whether a file's name says that it is a Dockerfile or a compose file. */
export function manifestKind(name: string): 'dockerfile' | 'compose' | undefined {
  if (/^(?:docker-)?compose(?:[._-][\w.-]+)?\.ya?ml$/i.test(name)) return 'compose'
  if (/\.(?:dockerignore|md|txt)$/i.test(name)) return undefined
  return /^(?:Dockerfile|Containerfile)(?:[._-][\w.-]+)?$|^[^/]+\.(?:dockerfile|containerfile)$/i.test(name) ? 'dockerfile' : undefined
}
