import type { ShellCommand } from '../../shell/types.ts';
import type { Rule } from '../../types.ts';
import { invocationOf, rangeOf, runsOf } from './runs.ts';

const OMITS = /^(?:--omit=dev|--omit|--production(?:=true)?|--only=prod(?:uction)?|--prod|-P)$/;

export const devDependenciesKept: Rule = {
  id: 'DevDependenciesKept',
  origin: 'size',
  since: '2026.1',
  severity: 'info',
  title: 'The image carries no development dependencies of npm',
  why: 'Test runners, linters and compilers are often the larger part of node_modules, and nothing that runs asks for them.',
  cure: 'install with `--omit=dev` in the last stage, or end with `npm prune --omit=dev` in the same RUN',
  example: { bad: 'RUN npm ci && npm cache clean --force', good: 'RUN npm ci --omit=dev && npm cache clean --force' },
  fixable: false,
  *check(_file, facts) {
    for (const run of runsOf(facts.chain, facts)) {
      if (facts.pointOf(run.run).variable('NODE_ENV') === 'production') continue;
      const { commands } = run.script;
      const at = commands.findIndex(installsAll);
      const command = commands[at];
      if (command === undefined || run.script.text.includes('NODE_ENV=production')) continue;
      if (commands.slice(at).some((each) => each.name === 'npm' && invocationOf(each).verb === 'prune')) continue;
      yield {
        message: `npm ${invocationOf(command).verb} installs the development dependencies as well`,
        range: rangeOf(run, command, facts),
      };
    }
  },
};

function installsAll(command: ShellCommand): boolean {
  if (command.name !== 'npm') return false;
  const { flags, operands, verb } = invocationOf(command, ['--prefix', '-C', '--omit']);
  if (!['ci', 'install', 'i'].includes(verb) || operands.length > 0) return false;
  return !flags.some((flag) => OMITS.test(flag) || flag === '-g' || flag === '--global');
}
