import { pathOfText } from '../../../base/path.ts';
import type { Facts } from '../../facts/types.ts';
import type { Rule } from '../../types.ts';
import { notFixed } from '../mend.ts';
import { appended } from './append.ts';
import { aptOf } from './apt.ts';
import { isDeleted, isMounted, isWithin } from './paths.ts';
import { rangeOf, runsOf, type Run } from './runs.ts';

const LISTS = '/var/lib/apt/lists';

export const aptListsKept: Rule = {
  id: 'AptListsKept',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'The package lists of apt are deleted in the step that loads them',
  why: 'apt-get update loads 20 MB and more of package lists that only apt reads. Deleted in a later step, they stay in the layer of this one.',
  cure: `end the same RUN with \`rm -rf ${LISTS}/*\``,
  example: {
    bad: 'RUN apt-get update && apt-get install -y --no-install-recommends curl',
    good: `RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf ${LISTS}/*`,
  },
  fixable: true,
  measured: true,
  *check(file, facts) {
    for (const run of runsOf(facts.chain, facts)) {
      const at = run.script.commands.findIndex((command) => aptOf(command)?.verb === 'update');
      const command = run.script.commands[at];
      if (command === undefined) continue;
      if (isDeleted(run, LISTS, at) || isMounted(run.run, (target) => isWithin(target, LISTS))) continue;
      if (run.script.commands.some((each) => aptOf(each)?.verb === 'dist-clean')) continue;
      const bytes = facts.layerOf(run.run)?.bytesBelow([pathOfText(LISTS)]);
      if (bytes === 0) continue;
      const reader = laterReader(run, facts);
      yield {
        message: 'the package lists that are loaded here stay in the image',
        range: rangeOf(run, command, facts),
        ...(bytes === undefined ? {} : { bytes }),
        ...(reader === undefined
          ? appended(file, run, `rm -rf ${LISTS}/*`)
          : notFixed(`line ${reader.run.range.start.line} installs from these lists: make one RUN of the two`)),
      };
    }
  },
};

/** A later RUN that installs without loading lists of its own. */
function laterReader({ run }: Run, facts: Facts): Run | undefined {
  let isLater = false;
  for (const each of runsOf(facts.stages, facts)) {
    if (each.run === run) isLater = true;
    else if (isLater) {
      const verbs = each.script.commands.map((command) => aptOf(command)?.verb);
      const [first] = verbs.filter((verb) => verb === 'update' || verb === 'install');
      if (first === 'install') return each;
    }
  }
  return undefined;
}
