import type { ShellCommand } from '../../shell/types.ts';
import type { Rule } from '../../types.ts';
import { fix, inserted, notFixed } from '../mend.ts';
import { isDeleted, isMounted } from './paths.ts';
import { invocationOf, rangeOf, runsOf, type Invocation } from './runs.ts';

const CACHE = '/root/.cache/pip';
const OFF = new Set(['', '0', 'false', 'no', 'off', 'n', 'f']);

export const pipCacheKept: Rule = {
  id: 'PipCacheKept',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'The cache of pip stays out of the image',
  why: 'pip keeps every archive that it loads and every wheel that it builds, for a second installation that an image never sees.',
  cure: 'add `--no-cache-dir`, or mount a cache: `RUN --mount=type=cache,target=/root/.cache/pip`',
  example: { bad: 'RUN pip install -r requirements.txt', good: 'RUN pip install --no-cache-dir -r requirements.txt' },
  fixable: true,
  measured: true,
  *check(_file, facts) {
    for (const run of runsOf(facts.chain, facts)) {
      const setting = facts.pointOf(run.run).variable('PIP_NO_CACHE_DIR');
      if (setting !== undefined && !OFF.has(setting.toLowerCase())) continue;
      if (run.script.text.includes('PIP_NO_CACHE_DIR=')) continue;
      if (isMounted(run.run, (target) => /\/\.cache(?:\/pip)?$/.test(target))) continue;
      const bytes = facts.layerOf(run.run)?.bytesWhere((path) => path.includes('/.cache/pip/'));
      if (bytes === 0) continue;
      let first = true;
      for (const [at, command] of run.script.commands.entries()) {
        const pip = pipOf(command);
        if (pip === undefined || !['install', 'wheel', 'download'].includes(pip.verb)) continue;
        if (pip.flags.some((flag) => flag.startsWith('--no-cache')) || isDeleted(run, CACHE, at)) continue;
        if (run.script.commands.slice(at).some((each) => pipOf(each)?.verb === 'cache')) continue;
        const end = command.nested || pip.verbWord === undefined ? undefined : run.script.place(pip.verbWord.end - 1);
        yield {
          message: `pip ${pip.verb} leaves its cache in the image`,
          range: rangeOf(
            run,
            { start: command.start, end: command.nested ? command.end : (pip.verbWord?.end ?? command.end) },
            facts,
          ),
          ...(bytes !== undefined && first ? { bytes } : {}),
          ...(end === undefined
            ? notFixed('the command stands in a text of its own')
            : fix(inserted(end + 1, ' --no-cache-dir'))),
        };
        first = false;
      }
    }
  },
};

/** `pip3.12 install`, `python3 -m pip install`. */
function pipOf(command: ShellCommand): Invocation | undefined {
  if (/^pip[\d.]*$/.test(command.name)) return invocationOf(command);
  const isModule = command.words[0]?.text === '-m' && command.words[1]?.text === 'pip';
  if (!/^python[\d.]*$/.test(command.name) || !isModule) return undefined;
  return invocationOf({ ...command, words: command.words.slice(2) });
}
