import { appendFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, installed, interleaved, root, run as command, seconds, tare } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

/**
 * `tare build` of node-express: after one line of the application was changed (the warehouse and its layers are known), on a store that knows
 * nothing, and with nothing changed. The peers copy the very same files FROM scratch, and do not have to find out which they are.
 */
export async function run({ log, runs, work }) {
  const app = join(work, 'node-express');
  cpSync(join(root, 'examples/node-express'), app, { recursive: true, verbatimSymlinks: true });
  const entry = join(
    app,
    JSON.parse(tare(join(work, 'dry'), 'build', app, '--dry-run', '--json'))
      .entrypoint.at(-1)
      .replace(/^\/app\//, ''),
  );
  const home = join(work, 'home');
  const build = (where) =>
    seconds(process.execPath, [cli, 'build', app, '--name', 'bench', '--no-verify', '-q'], {
      env: { ...process.env, TARE_HOME: where },
    });
  build(home);
  const context = join(work, 'context');
  tare(home, 'unpack', 'bench', join(context, 'rootfs'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY rootfs /\n');
  const subjects = {
    changed: (turn) => {
      appendFileSync(entry, `// ${turn}\n`);
      return build(home);
    },
    unchanged: () => build(home),
    fresh: () => {
      const empty = join(work, 'empty');
      rmSync(empty, { recursive: true, force: true });
      return build(empty);
    },
    node: () => seconds(process.execPath, ['-e', '0']),
    ...peers(work, context, log),
  };
  const times = await interleaved(subjects, runs);
  const rows = [];
  for (const peer of ['buildah', 'docker'].filter((name) => times[name] !== undefined)) {
    const peerValue = times[peer].median;
    const target = { atMost: 0.5 };
    rows.push(
      row({
        subject: 'node-express, one line changed',
        peer,
        value: times.changed.median,
        peerValue,
        unit: 's',
        target,
      }),
    );
    rows.push(row({ subject: 'node-express, empty store', peer, value: times.fresh.median, peerValue, unit: 's' }));
  }
  const work0 = times.unchanged.median - times.node.median;
  rows.push(
    row({
      subject: 'unchanged rebuild beyond node -e 0',
      value: work0,
      unit: 's',
      target: { of: 'value', atMost: 0.3 },
    }),
  );
  return { rows, details: { seconds: times } };
}

function peers(work, context, log) {
  const found = {};
  if (installed('buildah')) {
    const storage = join(work, 'containers');
    const dirs = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run'), '--storage-driver', 'vfs'];
    mkdirSync(storage, { recursive: true });
    const args = ['bud', '--isolation', 'chroot', '--no-cache', '-q', '-t', 'oci:OUT:bench', context];
    found.buildah = () => {
      const out = join(work, 'buildah-out');
      rmSync(out, { recursive: true, force: true });
      return seconds('buildah', [...dirs, ...args.map((arg) => arg.replace('OUT', out))]);
    };
  }
  if (installed('docker') && answers('docker', ['info', '--format', '{{.ServerVersion}}']))
    found.docker = () => seconds('docker', ['build', '--no-cache', '-q', '-t', 'tare-bench', context]);
  for (const name of ['buildah', 'docker'])
    if (found[name] === undefined) log(`${name} is not here, or its daemon does not run`);
  return found;
}

function answers(program, args) {
  try {
    return command(program, args).trim() !== '';
  } catch {
    return false;
  }
}
