import { pathOfText } from '../../../base/path.ts';
import type { Rule } from '../../types.ts';
import { appended } from './append.ts';
import { isDeleted, isMounted } from './paths.ts';
import { invocationOf, rangeOf, runsOf } from './runs.ts';

const PROGRAMS: Readonly<Record<string, string>> = {
  dnf: '/var/cache/dnf',
  microdnf: '/var/cache/yum',
  tdnf: '/var/cache/tdnf',
  yum: '/var/cache/yum',
  zypper: '/var/cache/zypp',
};
const VERBS = ['install', 'in', 'update', 'upgrade', 'up', 'groupinstall', 'makecache', 'refresh', 'reinstall'];
const FOLDERS = [...new Set(Object.values(PROGRAMS)), '/var/cache/libdnf5'].map(pathOfText);

export const dnfCacheKept: Rule = {
  id: 'DnfCacheKept',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'The caches of dnf, yum and zypper stay out of the image',
  why: 'dnf, yum and zypper keep the lists of all repositories and often the packages themselves: 50 MB and more that only the next installation would read.',
  cure: 'end the same RUN with `dnf clean all`',
  example: { bad: 'RUN dnf install -y httpd', good: 'RUN dnf install -y httpd && dnf clean all' },
  fixable: true,
  measured: true,
  *check(file, facts) {
    for (const run of runsOf(facts.chain, facts)) {
      const { commands } = run.script;
      const at = commands.findIndex(
        (each) => Object.hasOwn(PROGRAMS, each.name) && VERBS.includes(invocationOf(each).verb),
      );
      const command = commands[at];
      if (command === undefined) continue;
      const cleans = commands
        .slice(at)
        .some((each) => Object.hasOwn(PROGRAMS, each.name) && /^(?:clean|cc)$/.test(invocationOf(each).verb));
      const cache = PROGRAMS[command.name] ?? '';
      if (
        cleans ||
        isDeleted(run, cache, at) ||
        isMounted(run.run, (target) => FOLDERS.some((folder) => folder === target))
      )
        continue;
      const bytes = facts.layerOf(run.run)?.bytesBelow(FOLDERS);
      if (bytes === 0) continue;
      yield {
        message: `${command.name} leaves its cache in the image`,
        range: rangeOf(run, command, facts),
        cure: `end the same RUN with \`${cleaning(command.name)}\``,
        ...(bytes === undefined ? {} : { bytes }),
        ...appended(file, run, cleaning(command.name)),
      };
    }
  },
};

function cleaning(program: string): string {
  return `${program} clean ${program === 'zypper' ? '--all' : 'all'}`;
}
