import type { UserInstruction } from '../../../formats/dockerfile/types.ts';
import type { Rule } from '../../types.ts';

const ROOT_NAMES = new Set(['root', '0']);
/** Base images that say in their name that somebody else runs. */
const UNPRIVILEGED = /nonroot|unprivileged|rootless|(?:^|\/)chainguard\/|(?:^|\/)bitnami\//;

export const rootUser: Rule = {
  id: 'RootUser',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'The application does not run as root',
  why: 'A process that is root in its container can change every file of it, and one flaw of the kernel away is root of the machine.',
  cure: 'end the last stage with USER and a number above 0, e.g. `USER 65532:65532`',
  example: {
    bad: 'FROM node:20-slim\nCMD ["node", "server.js"]',
    good: 'FROM node:20-slim\nUSER 65532:65532\nCMD ["node", "server.js"]',
  },
  fixable: false,
  *check(_file, { baseOf, chain }) {
    const users = chain.flatMap(({ stage }) =>
      stage.instructions.filter((node): node is UserInstruction => node.kind === 'USER'),
    );
    const last = users.at(-1);
    const [first] = chain;
    const target = chain.at(-1);
    if (last !== undefined) {
      if (isRoot(last.user.value.replace(/["']/g, '')))
        yield { message: 'the last USER is root', range: last.user.range };
      return;
    }
    if (first === undefined || target === undefined) return;
    const { range } = target.stage.from.image;
    const base = baseOf(first.base);
    if (base === undefined) {
      if (!UNPRIVILEGED.test(first.base))
        yield { message: 'no USER: unless the base image sets one, everything runs as root', range };
    } else if (isRoot(base.user)) yield { message: `no USER, and ${first.base} runs as root`, range };
  },
};

/** Of a config's user: nobody is root. */
function isRoot(user: string): boolean {
  const [name = ''] = user.split(':', 1);
  return name === '' || ROOT_NAMES.has(name);
}
