import { TareError } from '../base/error.ts';
import type { PortMapping } from '../sandbox/types.ts';

/**
 * `NAME=value` words; a bare `NAME` takes its value from `env`, as with docker, and is left out when it has none there.
 * @throws TareError E_USAGE
 */
export function assignments(
  flag: string,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Readonly<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const word of words) {
    const cut = word.indexOf('=');
    const name = cut === -1 ? word : word.slice(0, cut);
    if (name === '' || word.includes('\0'))
      throw new TareError('E_USAGE', `${flag} ${JSON.stringify(word)} is not NAME=VALUE`);
    const value = cut === -1 ? env[name] : word.slice(cut + 1);
    if (value !== undefined) out[name] = value;
  }
  return out;
}

/**
 * `8080`, `8080:80`, `127.0.0.1:8080:80`, `:80` (any free host port), `[::1]:8080:80`.
 * @throws TareError E_USAGE
 */
export function parsePublish(text: string): PortMapping {
  const match = /^(?:(?:(\[[0-9a-fA-F:]+\]|[0-9.]+):)?(\d*):)?(\d+)(?:\/tcp)?$/.exec(text);
  const container = Number(match?.[3] ?? 0);
  const host = Number(match?.[2] ?? (match === null ? 0 : container));
  if (match === null || container < 1 || container > 65535 || host > 65535) {
    throw new TareError('E_USAGE', `--publish ${JSON.stringify(text)} is not [[ADDRESS:]HOST:]CONTAINER`, {
      hint: 'for example `-p 8080:80`; `-p :80` takes any free port of the host',
    });
  }
  const address = match[1]?.replace(/^\[|\]$/g, '');
  return { host, container, ...(address === undefined ? {} : { address }) };
}
