import { rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBuilders } from '../lib/builders.mjs';
import { debianBase } from '../lib/debian-base.mjs';
import { interleaved, root, run as command } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

/** 1 GB in files of all sizes: /usr of the base, again and again. */
const COPIES = 6;
const DOCKERFILE = `FROM debian
RUN for n in $(seq ${COPIES}); do cp -a /usr /copy-$n; done && head -c 40000000 /dev/urandom > /noise
`;
/** A build of that size takes the peers a minute. */
const MAX_RUNS = 3;

/**
 * A step that leaves 1 GB: how fast its files become a layer (tar, digest, index), and the whole build with that layer compressed beside BuildKit and
 * buildah.
 */
export async function run({ log, runs, work }) {
  const context = join(work, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), DOCKERFILE);
  const { builders, close } = await openBuilders({ base: debianBase(), log, only: ['BuildKit', 'buildah'], work });
  try {
    const upper = filesOfStep(builders.get('tare'), work);
    const target = join(work, 'layer.tar');
    const child = join(root, 'bench/lib/diff-child.mjs');
    let size = 0;
    const diff = () => {
      rmSync(target, { force: true });
      const made = JSON.parse(command(process.execPath, [child, upper, join(work, 'lower'), target]));
      ({ size } = made);
      return made.size / 1e6 / made.seconds;
    };
    mkdirSync(join(work, 'lower'));
    diff();
    const { tare } = await interleaved({ tare: diff }, runs);
    log(`diff of ${(size / 1e6).toFixed(0)} MB: ${tare.values.map((value) => value.toFixed(0)).join(' ')} MB/s`);
    for (const path of [target, upper]) rmSync(path, { recursive: true, force: true });
    const whole = await interleaved(
      Object.fromEntries([...builders].map(([name, builder]) => [name, () => builder.build(context, { cold: true })])),
      Math.min(runs, MAX_RUNS),
    );
    for (const [name, { values }] of Object.entries(whole))
      log(`${name}, whole build: ${values.map((value) => value.toFixed(1)).join(' ')} s`);
    return {
      rows: [
        row({
          subject: '1 GB left by a RUN, made a layer',
          value: tare.median,
          values: tare.values,
          unit: 'MB/s',
          target: { of: 'value', atLeast: 150 },
        }),
        ...['BuildKit', 'buildah'].map((peer) =>
          row({
            subject: '1 GB left by a RUN, whole build',
            value: whole.tare.median,
            values: whole.tare.values,
            unit: 's',
            peer,
            ...(whole[peer] === undefined
              ? { missing: 'not installed' }
              : { peerValue: whole[peer].median, peerValues: whole[peer].values }),
          }),
        ),
      ],
      details: { diff: tare, bytes: size, whole },
    };
  } finally {
    await close();
  }
}

/** What the step would leave, without an overlay: the files that it copies are those of the base. */
function filesOfStep(tare, work) {
  tare.fresh();
  const [base, upper] = [join(work, 'base'), join(work, 'upper')];
  command(process.execPath, [join(root, 'dist/cli/main.js'), 'unpack', 'debian', base], { env: tare.env });
  mkdirSync(upper);
  for (let n = 1; n <= COPIES; n++) command('cp', ['-a', join(base, 'usr'), join(upper, `copy-${n}`)]);
  rmSync(base, { recursive: true, force: true });
  return upper;
}
