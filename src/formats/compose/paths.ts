import { isAbsolute, join, resolve } from 'node:path';
import { composeError, type Node } from './node.ts';
import { wordOf } from './scalars.ts';

/** What reading a project needs to know of its surroundings. */
export interface Surroundings {
  /** Variables, with those of `.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly projectName: string;
}

/** The absolute path that a text names: relative ones begin at the folder of the file that says it, `~` is HOME. */
export function pathOf(node: Node, { env }: Surroundings): string {
  return resolvePath(wordOf(node), node, env);
}

export function resolvePath(text: string, node: Node, env: Surroundings['env']): string {
  if (text !== '~' && !text.startsWith('~/'))
    return isAbsolute(text) ? resolve(text) : resolve(node.spot.source.dir, text);
  const home = Object.hasOwn(env, 'HOME') ? env['HOME'] : undefined;
  if (home === undefined || !isAbsolute(home)) throw composeError(node.spot, '~ stands for HOME, which is not set');
  return join(home, text.slice(1));
}

/** A URL of git, or another that a build takes as its context. */
export const isRemote = (text: string): boolean => /^(?:[a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/)/.test(text);
