import { pathOfText } from '../../../base/path.ts';
import type { Rule } from '../../types.ts';
import { fix, inserted, notFixed } from '../mend.ts';
import { isDeleted, isMounted } from './paths.ts';
import { invocationOf, rangeOf, runsOf } from './runs.ts';

const CACHE = '/var/cache/apk';
const VALUED = ['-t', '--virtual', '-X', '--repository', '-p', '--root', '--keys-dir', '--repositories-file', '--arch'];

export const apkCacheKept: Rule = {
  id: 'ApkCacheKept',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'The index of apk stays out of the image',
  why: 'Without --no-cache, apk writes the index of its repositories to /var/cache/apk: some 2 MB that are of no use once the packages are there.',
  cure: 'add `--no-cache`; `apk update` is not needed then',
  example: { bad: 'RUN apk add curl', good: 'RUN apk add --no-cache curl' },
  fixable: true,
  measured: true,
  *check(_file, facts) {
    for (const run of runsOf(facts.chain, facts)) {
      if (isMounted(run.run, (target) => target === CACHE || target === '/etc/apk/cache')) continue;
      const bytes = facts.layerOf(run.run)?.bytesBelow([pathOfText(CACHE)]);
      if (bytes === 0) continue;
      let first = true;
      for (const [at, command] of run.script.commands.entries()) {
        if (command.name !== 'apk') continue;
        const { flags, verb, verbWord } = invocationOf(command, VALUED);
        if (!['add', 'update', 'upgrade'].includes(verb) || verbWord === undefined) continue;
        if (flags.includes('--no-cache') || isDeleted(run, CACHE, at)) continue;
        const end = command.nested ? undefined : run.script.place(verbWord.end - 1);
        yield {
          message: `apk ${verb} leaves its index in the image`,
          range: rangeOf(run, { start: command.start, end: command.nested ? command.end : verbWord.end }, facts),
          ...(bytes !== undefined && first ? { bytes } : {}),
          ...(verb === 'update'
            ? notFixed('with `--no-cache` at the other commands it can be left out')
            : end === undefined
              ? notFixed('the command stands in a text of its own')
              : fix(inserted(end + 1, ' --no-cache'))),
        };
        first = false;
      }
    }
  },
};
