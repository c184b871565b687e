import { bytesOfText } from '../../base/path.ts';
import { optionValues } from './arguments.ts';
import { wordLines } from './lines.ts';
import type { Need, ServerRule, Statement } from './types.ts';

/** Words that a certificate, a list, or a folder of them follows (HAProxy Configuration Manual, "Bind options", "Global parameters"). */
const FILES = new Set([
  'crt',
  'crt-list',
  'ca-file',
  'ca-verify-file',
  'crl-file',
  'errorfile',
  'errorfiles',
  'lua-load',
  'lua-load-per-thread',
  '-f',
  'server-state-file',
  'ssl-dh-param-file',
  'issuers-chain-path',
]);

/** HAProxy: `-f FILE` or a folder of `.cfg` files, as often as one likes. */
export const haproxy: ServerRule = {
  programs: /^haproxy$/,
  setup: async ({ args, env }) => {
    const first = args.indexOf('--');
    const named = [
      ...optionValues(first === -1 ? args : args.slice(0, first), '-f'),
      ...(first === -1 ? [] : args.slice(first + 1)),
    ];
    return {
      configs: named.map((text) => ({ text: bytesOfText(text), because: `-f ${text}` })),
      statements: [],
      bases: optionValues(args, '-C').map(bytesOfText),
      variables: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, bytesOfText(value)])),
      needs: [],
    };
  },
  parse: (text) => ({ statements: wordLines(text) }),
  needs,
};

function needs({ args, name }: Statement): Need[] {
  const words = [name, ...args];
  if (name === 'chroot') return args.slice(0, 1).map((text) => ({ what: 'file', text }));
  if (name === 'stats' && args[0] === 'socket') return [{ what: 'written', text: args[1] ?? '' }];
  if (name === 'pidfile') return [{ what: 'written', text: args[0] ?? '' }];
  return words.flatMap((word, at): Need[] => {
    const inside = /\((\/[^,)]+)/.exec(word)?.[1];
    if (inside !== undefined) return [{ what: 'file', text: inside }];
    if (!FILES.has(word)) return [];
    const value = words[at + (word === 'errorfile' ? 2 : 1)] ?? '';
    return [{ what: /^(?:crt|errorfiles|ca-file|issuers-chain-path)$/.test(word) ? 'content' : 'file', text: value }];
  });
}
