import { rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mixedCorpus, smallCorpus } from '../lib/corpus.mjs';
import { installed, interleaved, median, run as command } from '../lib/measure.mjs';
import { row } from '../lib/table.mjs';

const child = fileURLToPath(new URL('../lib/pack-child.mjs', import.meta.url));

/**
 * Walk → tar → digest of the tar, of the blob and of every file → gzip → store (flushed to disk), against `tar | pigz -6` with as many
 * cores, which does none of the digests and flushes nothing; and against the same with both digests. Throughput is of the
 * uncompressed archive. The time of tare is of the whole process, Node's start included; the peer's of the whole pipeline.
 */
export async function run({ log, runs, work }) {
  const rows = [];
  const details = {};
  const corpora = { mixed: mixedCorpus, 'small files': smallCorpus };
  for (const [name, make] of Object.entries(corpora)) {
    const dir = make(work);
    const out = join(work, 'out.gz');
    const home = join(work, 'home');
    let last;
    const pack = (path) => {
      rmSync(home, { recursive: true, force: true });
      const began = performance.now();
      last = JSON.parse(command(process.execPath, [child, path, home, 'gzip:6']));
      return (performance.now() - began) / 1000;
    };
    const cores = availableParallelism();
    const cpu = { tare: [] };
    const shell = (peer, script) => {
      const began = performance.now();
      const said = command('bash', ['-c', `set -o pipefail; ${script}; times`, 'bash', dir, out, String(cores)]);
      const wall = (performance.now() - began) / 1000;
      (cpu[peer] ??= []).push(childSeconds(said));
      return wall;
    };
    const peers = installed('tar', 'pigz', 'bash') && {
      'tar | pigz -6': () => shell('tar | pigz -6', 'tar cf - -C "$1" . | pigz -6 -p "$3" > "$2"'),
      'the same + sha256sum of both': () =>
        shell(
          'the same + sha256sum of both',
          'tar cf - -C "$1" . | tee >(sha256sum > "$2.tar") | pigz -6 -p "$3" | tee "$2" | sha256sum > "$2.sum"',
        ),
    };
    pack(dir);
    const { tarSize, files } = last;
    log(`${name}: ${files} files, ${(tarSize / 1e6).toFixed(0)} MB`);
    const inside = [];
    const times = await interleaved(
      {
        tare: () => {
          const whole = pack(dir);
          inside.push(last.seconds);
          cpu.tare.push(last.cpu);
          return whole;
        },
        ...peers,
      },
      runs,
    );
    const rate = (time) => tarSize / 1e6 / time;
    for (const peer of Object.keys(peers || {})) {
      const target = peer === 'tar | pigz -6' && name === 'mixed' ? { atLeast: 1.5 } : undefined;
      const peerValue = rate(times[peer].median);
      rows.push(row({ subject: name, peer, value: rate(times.tare.median), peerValue, unit: 'MB/s', target }));
      if (target !== undefined) {
        const subject = `${name}, without Node's start`;
        rows.push(row({ subject, peer, value: rate(median(inside)), peerValue, unit: 'MB/s', target }));
      }
      const [ours, theirs] = [median(cpu.tare), median(cpu[peer])];
      rows.push(row({ subject: `${name}: processor time`, peer, value: ours, peerValue: theirs, unit: 's' }));
    }
    if (!peers) rows.push(row({ subject: name, value: rate(times.tare.median), unit: 'MB/s' }));
    const peerWire = peers ? statSync(out).size : undefined;
    rows.push(
      row({
        subject: `${name}: blob`,
        peer: peers && 'pigz -6',
        value: last.wire / 1e6,
        peerValue: peerWire && peerWire / 1e6,
        unit: 'MB',
      }),
    );
    details[name] = { files, tarSize, seconds: times, insideProcess: inside, cpuSeconds: cpu, peak: last.peak };
  }
  return { rows, details };
}

/** User and system time of the children, out of what the shell's `times` says: `1m2.345s 0m0.678s`. */
function childSeconds(said) {
  const parts = [...(said.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((total, [, minutes, rest]) => total + Number(minutes) * 60 + Number(rest), 0);
}
