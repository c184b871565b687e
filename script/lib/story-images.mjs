// What is known of an image: sizes, parts, versions, and whether it lives.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How often an image is started: the shortest time is told: the rest is other work of the machine. */
const STARTS = 3;

/** As `docker images` counts: all layers, so that what a later one hides counts too. */
export function sizesOf(layers) {
  const sum = (key) => layers.reduce((bytes, layer) => bytes + layer[key], 0);
  return { disk: sum('disk'), wire: sum('wire') };
}

export function passes(probes) {
  return { passed: probes.filter(({ ok }) => ok).length, asked: probes.length };
}

/** Questions about images, put to `tare(argv)`; `probes` is the file of the story's. */
export function reader(tare, probes) {
  const ask = (reference, original) =>
    tare(['verify', reference, '--probe-file', probes, ...(original === undefined ? [] : ['--against', original])], {
      isAnswer: true,
    });

  /** Sizes in bytes; `versions` of run times and C libraries, `packages` with theirs. */
  async function parts(reference) {
    const inspected = await tare(['inspect', reference]);
    const told = await tare(['layers', reference, '--limit', '0']);
    return {
      ...sizesOf(told.layers),
      files: told.files,
      layers: told.layers.length,
      versions: versionsOf(inspected),
      packages: told.packages.map(({ manager, name, version }) => ({ manager, name, version })),
    };
  }

  /** All of that, the worst count of answers, and `start` in seconds. With `original`, the answers must be the same. */
  async function facts(reference, original) {
    const times = [];
    let worst;
    for (let run = 0; run < STARTS; run += 1) {
      const result = await ask(reference, run === 0 ? original : undefined);
      times.push(result.startMs);
      const counts = passes(result.probes);
      if (worst === undefined || counts.passed < worst.passed) worst = counts;
    }
    const start = Math.min(...times) / 1000;
    return { ...(await parts(reference)), ...worst, start };
  }

  return { ask, facts, parts };
}

/** `python 3.11.2`, `glibc 2.36`: each once, in order. */
function versionsOf({ findings, runtimes }) {
  const all = [...runtimes, ...findings.libc].map(({ name, version }) => `${name} ${version ?? '?'}`);
  return [...new Set(all)];
}

/** The digests of everything that an image of the store at `home` consists of. */
export function blobsOf({ digest, layers }, home) {
  const manifest = JSON.parse(readFileSync(join(home, 'blobs', ...digest.split(':')), 'utf8'));
  return [digest, manifest.config.digest, ...layers.map((layer) => layer.digest)];
}
