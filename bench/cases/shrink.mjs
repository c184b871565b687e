import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cli, root, run as command, tare } from '../lib/measure.mjs';
import { parse } from 'yaml';
import { closureOf } from '../lib/closure.mjs';
import { row } from '../lib/table.mjs';

/**
 * What mint 1.41.8 made of images of the same recipes: MB on disk and on the wire with every endpoint probed, and seconds for the default run.
 * They are figures of its own runs, of applications of the same kind but not the same bytes; what the very images need is measured beside them by strace.
 */
const MINT = {
  'node-hello': { disk: 104.9, wire: 41.1, seconds: 14 },
  'node-express': { disk: 107.0, wire: 41.6, seconds: 20 },
  'node-sharp': { disk: 121.7, wire: 48.8, seconds: 18.5 },
  'py-status': { disk: 20.7, wire: 8.8, seconds: 14 },
  'py-flask': { disk: 40.2, wire: 16.6, seconds: 14 },
  'go-status': { disk: 7.5, wire: 4.3, seconds: 13 },
  aspnet: { disk: 100.7, wire: 43.8, seconds: 19 },
  nginx: { disk: 10.4, wire: 4.7, seconds: 12 },
  'java-hello': { disk: 174.7, wire: 62.1, seconds: 23 },
};

/**
 * Each original shrunk twice: by default (watched while it is crawled), then at tightness `used` with every endpoint probed. Endpoints alive are those of
 * the example's tare.yaml that the default image answers. Originals that are not there are made first: script/originals.
 */
export async function run({ log, work }) {
  const only = process.env.BENCH_ORIGINALS?.split(',');
  const names = Object.keys(MINT).filter((name) => only === undefined || only.includes(name));
  command(join(root, 'script/originals'), names);
  const originals = process.env.TARE_ORIGINALS ?? join(root, '.originals');
  const rows = [];
  const details = {};
  for (const name of names) {
    const mint = MINT[name];
    const config = join(root, 'examples', name, 'tare.yaml');
    if (!existsSync(config)) continue;
    const home = join(work, name);
    // Away from any tare.yaml: the default run knows no probes.
    const empty = join(work, 'empty');
    mkdirSync(empty, { recursive: true });
    const image = `oci:${originals}:${name}`;
    const shrink = (...flags) => {
      const begin = performance.now();
      const result = JSON.parse(tare(home, 'shrink', image, '--json', ...flags));
      return { ...result, wall: (performance.now() - begin) / 1000 };
    };
    process.chdir(empty);
    const first = shrink('--static', '--no-verify', '--name', `${name}:static`);
    const again = shrink('--static', '--no-verify', '--name', `${name}:static`);
    const byDefault = shrink('--name', `${name}:default`);
    const used = shrink('--tightness', 'used', '--config', config, '--name', `${name}:used`);
    const verified = verify(home, `${name}:default`, config);
    const alive = verified.probes.filter((probe) => probe.ok).length;
    log(
      `${name}: ${alive} of ${verified.probes.length} endpoints alive by default, ${byDefault.repaired.length} repairs`,
    );
    const size = (result, kind) => result.size[kind] / 1e6;
    const against = (subject, result, kind, target) =>
      rows.push(
        row({
          subject: `${name}: ${subject}`,
          peer: 'mint',
          value: size(result, kind),
          peerValue: mint[kind],
          unit: 'MB',
          ...target,
        }),
      );
    against('default, disk', byDefault, 'disk', { target: { atMost: 1.3 } });
    against('used, disk', used, 'disk', { target: { atMost: 1 } });
    against('used, wire', used, 'wire', {});
    const closure = closureFor(home, image, config, join(work, `${name}-root`));
    const beside = (subject, result, atMost) =>
      rows.push(
        row({
          subject: `${name}: ${subject}`,
          peer: 'strace closure',
          value: size(result, 'disk'),
          peerValue: closure.bytes / 1e6,
          unit: 'MB',
          target: { atMost },
        }),
      );
    beside('used, disk', used, 1.02);
    beside('default, disk', byDefault, 1.3);
    const density = (result) => result.size.wire / result.size.disk;
    rows.push(
      row({
        subject: `${name}: used, wire per disk`,
        peer: 'mint',
        value: density(used),
        peerValue: mint.wire / mint.disk,
        unit: '',
        target: { atMost: 0.93 },
      }),
      row({
        subject: `${name}: endpoints dead by default`,
        value: verified.probes.length - alive,
        unit: '',
        target: { of: 'value', atMost: 0 },
      }),
      row({
        subject: `${name}: whole default run`,
        peer: 'mint',
        value: byDefault.wall,
        peerValue: mint.seconds,
        unit: 's',
        target: { atMost: 0.4 },
      }),
      row({ subject: `${name}: static, first`, value: first.wall, unit: 's', target: { of: 'value', atMost: 6 } }),
      row({ subject: `${name}: static, again`, value: again.wall, unit: 's', target: { of: 'value', atMost: 1 } }),
    );
    details[name] = {
      first,
      again,
      byDefault,
      used,
      verified,
      closure: { files: closure.files, bytes: closure.bytes },
    };
  }
  return { rows, details };
}

/** What strace sees the original use while every endpoint is asked. */
function closureFor(home, image, config, work) {
  mkdirSync(work, { recursive: true });
  try {
    const root = join(work, 'root');
    tare(home, 'unpack', image, root);
    const inspected = JSON.parse(tare(home, 'inspect', image, '--json'));
    return closureOf({
      config: inspected.config.config,
      probes: parse(readFileSync(config, 'utf8')).probes,
      root,
      work,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A probe that fails is an answer. */
function verify(home, image, config) {
  const { stdout } = spawnSync(process.execPath, [cli, 'verify', image, '--config', config, '--json'], {
    encoding: 'utf8',
    env: { ...process.env, TARE_HOME: home },
  });
  return JSON.parse(stdout);
}
