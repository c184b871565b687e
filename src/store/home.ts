import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Where the store is: `TARE_HOME`, else `$XDG_DATA_HOME/tare`, else `~/.local/share/tare`. Always absolute. Empty variables count as unset. */
export function defaultHome(env: Readonly<Record<string, string | undefined>>): string {
  const told = env['TARE_HOME'] ?? '';
  if (told !== '') return resolve(told);
  const data = env['XDG_DATA_HOME'] ?? '';
  // The XDG base directory specification: a relative path is to be ignored.
  if (isAbsolute(data)) return join(data, 'tare');
  const home = env['HOME'] ?? '';
  return join(home === '' ? homedir() : home, '.local', 'share', 'tare');
}
