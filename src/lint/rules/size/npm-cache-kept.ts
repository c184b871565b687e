import type { ShellCommand } from '../../shell/types.ts';
import type { Rule } from '../../types.ts';
import { appended } from './append.ts';
import { isDeleted, isMounted } from './paths.ts';
import { invocationOf, rangeOf, runsOf } from './runs.ts';

/** What loads packages, where each keeps them, and what empties that. Verbs: '' is the program alone. */
const TOOLS = [
  {
    program: 'npm',
    verbs: ['ci', 'i', 'install', 'add', 'update', 'install-test'],
    cache: '/root/.npm',
    clean: 'npm cache clean --force',
  },
  { program: 'yarn', verbs: ['', 'install', 'add'], cache: '/usr/local/share/.cache', clean: 'yarn cache clean' },
] as const;

export const npmCacheKept: Rule = {
  id: 'NpmCacheKept',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'The caches of npm and yarn stay out of the image',
  why: 'npm and yarn keep a copy of every package beside node_modules: the dependencies are in the image twice, once as archives that nobody unpacks again.',
  cure: 'empty the cache in the same RUN, or mount one: `RUN --mount=type=cache,target=/root/.npm`',
  example: { bad: 'RUN npm ci --omit=dev', good: 'RUN npm ci --omit=dev && npm cache clean --force' },
  fixable: true,
  measured: true,
  *check(file, facts) {
    for (const run of runsOf(facts.chain, facts)) {
      const { commands } = run.script;
      for (const tool of TOOLS) {
        const at = commands.findIndex((command) => loads(command, tool));
        const command = commands[at];
        if (command === undefined) continue;
        const cleaned = commands
          .slice(at)
          .some((each) => each.name === tool.program && invocationOf(each).verb === 'cache');
        if (cleaned || isDeleted(run, tool.cache, at)) continue;
        if (isMounted(run.run, (target) => /\/(?:\.npm|\.yarn|\.cache(?:\/yarn)?)$/.test(target))) continue;
        const bytes = facts
          .layerOf(run.run)
          ?.bytesWhere((path) =>
            tool.program === 'npm' ? path.includes('/_cacache/') : path.includes('/.cache/yarn/'),
          );
        if (bytes === 0) continue;
        yield {
          message: `${tool.program} leaves its cache in the image`,
          range: rangeOf(run, command, facts),
          ...(bytes === undefined ? {} : { bytes }),
          ...appended(file, run, tool.clean),
        };
      }
    }
  },
};

function loads(command: ShellCommand, { program, verbs }: (typeof TOOLS)[number]): boolean {
  if (command.name !== program) return false;
  const { flags, verb } = invocationOf(command);
  // `npm --version`; `npm ci --cache /tmp/x` keeps it elsewhere.
  if (flags.some((flag) => /^(?:-v|--version|--help|--cache(?:=.*)?)$/.test(flag))) return false;
  return verbs.some((each) => each === verb);
}
