import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where Suture keeps its database and its caches: `SUTURE_HOME`, else the platform's folder for such data. */
export function homeFolder(environment: Readonly<Record<string, string | undefined>>): string {
  if (environment['SUTURE_HOME']) return environment['SUTURE_HOME']
  if (process.platform === 'win32') return join(environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'suture')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'suture')
  return join(environment['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'suture')
}
