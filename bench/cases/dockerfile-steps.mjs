import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBuilders, PEERS } from '../lib/builders.mjs';
import { writeContext } from '../lib/context.mjs';
import { debianBase } from '../lib/debian-base.mjs';
import { interleaved, run as command, cli } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

/** Of tare to a peer, at most. */
const COLD = { BuildKit: 0.5, buildah: 0.8 };
const CACHED = { BuildKit: 0.6 };

/**
 * Twelve steps of local file work on a Debian base: with no step known, again, and after one line of one source file was changed. Every builder does all of
 * it in the same run, and leaves the image where its users have it (see `openBuilders`).
 */
export async function run({ log, runs, work }) {
  const context = join(work, 'context');
  writeContext(context);
  const { builders, close } = await openBuilders({ base: debianBase(), log, work });
  try {
    const subjects = (kind, options, before = () => undefined) =>
      Object.fromEntries(
        [...builders].map(([name, builder]) => [
          `${name} ${kind}`,
          (turn) => {
            before(`${name} ${turn}`);
            return builder.build(context, options);
          },
        ]),
      );
    // Each one's own files are in the page cache, and its daemon has seen the base.
    for (const builder of builders.values()) builder.build(context, { cold: true });
    const source = join(context, 'src/part-3/module-3.js');
    const times = {
      ...(await interleaved(subjects('cold', { cold: true }), runs)),
      ...(await interleaved(subjects('cached', {}), 2 * runs)),
      ...(await interleaved(
        subjects('changed', {}, (text) => appendFileSync(source, `// ${text}\n`)),
        runs,
      )),
    };
    for (const [name, { median, values }] of Object.entries(times))
      log(`${name}: ${median.toFixed(2)} s (${values.map((value) => value.toFixed(2)).join(' ')})`);
    const rows = [
      ...against('12 steps, cold', 'cold', times, COLD),
      ...against('12 steps, cached', 'cached', times, CACHED),
      ...against('12 steps, one source file changed', 'changed', times, {}),
    ];
    const again = stepsAfterChange(builders.get('tare'), context, source);
    log(`after a change of one file: ${again.ran.length} steps run, ${again.known.length} known`);
    rows.push(
      row({
        subject: 'steps before the changed COPY that run again',
        value: again.wrong.length,
        unit: '',
        target: { of: 'value', atMost: 0 },
      }),
    );
    return { rows, details: { seconds: times, again } };
  } finally {
    await close();
  }
}

function against(subject, kind, times, targets) {
  const own = times[`tare ${kind}`];
  return PEERS.map((peer) => {
    const other = times[`${peer} ${kind}`];
    const atMost = targets[peer];
    return row({
      subject,
      value: own.median,
      values: own.values,
      unit: 's',
      peer,
      ...(other === undefined ? { missing: 'not installed' } : { peerValue: other.median, peerValues: other.values }),
      ...(atMost === undefined ? {} : { target: { atMost } }),
    });
  });
}

/** Which steps a change of one source file makes tare run: only its COPY and what follows are right. */
function stepsAfterChange(tare, context, source) {
  writeFileSync(source, '// another\n');
  const flags = ['build', '-f', join(context, 'Dockerfile'), context, '-t', 'bench', '--json', '-q'];
  const { steps } = JSON.parse(command(process.execPath, [cli, ...flags], { env: tare.env }));
  const at = steps.findIndex(({ name }) => name.includes('COPY src'));
  const names = (wanted) => steps.filter(wanted).map(({ name }) => name);
  return {
    ran: names(({ cached }) => !cached),
    known: names(({ cached }) => cached),
    wrong: names((step, index) => (index < at ? !step.cached : step.cached)),
  };
}
