import type { Facts } from '../../facts/types.ts';
import type { Rule } from '../../types.ts';
import { fix, inserted, notFixed } from '../mend.ts';
import { aptOf } from './apt.ts';
import { installations, installedPackages } from './installed-packages.ts';
import { rangeOf, runsOf } from './runs.ts';

const SETTING = /install-recommends/i;

export const aptRecommends: Rule = {
  id: 'AptRecommends',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'Recommended packages are not installed',
  why: 'By default apt installs what packages recommend as well: documentation tools, mail servers, icon themes. They often weigh more than what was asked for.',
  cure: 'add `--no-install-recommends`, and name what is really needed',
  example: {
    bad: 'RUN apt-get update && apt-get install -y python3',
    good: 'RUN apt-get update && apt-get install -y --no-install-recommends python3',
  },
  fixable: true,
  measured: true,
  *check(_file, facts) {
    let isSet = false;
    const asked = askedPackages(facts);
    for (const run of runsOf(facts.chain, facts)) {
      // A file below /etc/apt may say it for all that follows.
      if (SETTING.test(run.script.text) && run.script.text.includes('apt.conf')) isSet = true;
      if (isSet) return;
      // A package that a later step asks for by name stays, whoever has recommended it here.
      const bytes = asked === undefined ? undefined : facts.layerOf(run.run)?.bytesOfRecommended(asked);
      if (bytes === 0) continue;
      let first = true;
      for (const command of run.script.commands) {
        const apt = aptOf(command);
        if (apt === undefined || !['install', 'build-dep'].includes(apt.verb) || apt.verbWord === undefined) continue;
        if (apt.flags.some((flag) => SETTING.test(flag)) || command.words.some(({ text }) => text === '-R')) continue;
        const end = command.nested ? undefined : run.script.place(apt.verbWord.end - 1);
        const measured = bytes !== undefined && first ? { bytes } : {};
        first = false;
        yield {
          message: `${command.name} ${apt.verb} brings recommended packages along`,
          range: rangeOf(run, { start: command.start, end: command.nested ? command.end : apt.verbWord.end }, facts),
          ...measured,
          ...(end === undefined
            ? notFixed('the command stands in a text of its own')
            : fix(inserted(end + 1, ' --no-install-recommends'))),
        };
      }
    }
  },
};

/** Names of what all steps install; undefined when one of them is known at run time alone. */
function askedPackages(facts: Facts): readonly string[] | undefined {
  const scripts = [...runsOf(facts.chain, facts)].map(({ script }) => script);
  const words = scripts.flatMap((script) => installations(script).flatMap((installation) => installation.words));
  return words.every(({ constant }) => constant) ? scripts.flatMap(installedPackages) : undefined;
}
