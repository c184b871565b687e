import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBuilders, PEERS } from '../lib/builders.mjs';
import { debianBase } from '../lib/debian-base.mjs';
import { interleaved, median } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

const [FEW, MANY] = [5, 45];

/** What one RUN costs beside its process: the difference between builds of 45 and of 5 steps that do nothing, and of steps that write one small file. */
export async function run({ log, runs, work }) {
  const contexts = {};
  for (const [kind, line] of Object.entries({ true: 'true', file: 'echo NUMBER > /file-NUMBER' })) {
    for (const count of [FEW, MANY]) {
      const dir = join(work, `${kind}-${count}`);
      mkdirSync(dir);
      const steps = Array.from({ length: count }, (_, n) => `RUN ${line.replaceAll('NUMBER', String(n))}\n`);
      writeFileSync(join(dir, 'Dockerfile'), `FROM debian\n${steps.join('')}`);
      contexts[`${kind} ${count}`] = dir;
    }
  }
  const { builders, close } = await openBuilders({ base: debianBase(), log, work });
  // A store that was made for every build would cost more than what is measured.
  builders.get('tare').fresh();
  const options = (name) => (name === 'tare' ? { flags: ['--no-cache'] } : { cold: true });
  try {
    const rows = [];
    const details = {};
    for (const kind of ['true', 'file']) {
      const subjects = {};
      for (const [name, builder] of builders)
        for (const count of [FEW, MANY])
          // 45 steps take some of the peers half a minute.
          subjects[`${name} ${count}`] = () => builder.build(contexts[`${kind} ${count}`], options(name));
      const own = Object.fromEntries(Object.entries(subjects).filter(([name]) => name.startsWith('tare ')));
      const times = { ...(await interleaved(subjects, 1)), ...(await interleaved(own, runs)) };
      const slopes = Object.fromEntries(
        [...builders.keys()].map((name) => {
          const [few, many] = [times[`${name} ${FEW}`].values, times[`${name} ${MANY}`].values];
          return [name, many.map((value, turn) => ((value - few[turn]) / (MANY - FEW)) * 1000)];
        }),
      );
      for (const [name, values] of Object.entries(slopes))
        log(`RUN ${kind}, ${name}: ${values.map((value) => value.toFixed(1)).join(' ')} ms`);
      const value = { value: median(slopes.tare), values: slopes.tare, unit: 'ms' };
      const subject = kind === 'true' ? 'one RUN that changes nothing' : 'one RUN that writes one file';
      rows.push(row({ subject, ...value, target: { of: 'value', atMost: 15 } }));
      for (const peer of PEERS)
        rows.push(
          row({
            subject,
            ...value,
            peer,
            ...(slopes[peer] === undefined ? { missing: 'not installed' } : { peerValue: median(slopes[peer]) }),
          }),
        );
      details[kind] = { times, slopes };
    }
    return { rows, details };
  } finally {
    await close();
  }
}
