import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DockerfileResult } from '../../../src/build/dockerfile/types.ts';
import type { ShrinkResult } from '../../../src/shrink/types.ts';
import { tareJson } from '../../helpers/cli.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const STORY = join(ROOT, 'examples/stories/4-status-python');
const LAYOUT = process.env['TARE_ORIGINALS'] ?? join(ROOT, '.originals');
const available = process.getuid?.() === 0 && needs('crun', 'unshare', 'mmdebstrap', 'umoci', 'skopeo', 'flock', 'npm');

/** With apt and pip as they are, and little for them to load. `script/stories` builds all of them from scratch. */
describe.skipIf(!available)('a story of examples/stories', () => {
  beforeAll(() => {
    execFileSync(join(ROOT, 'script/originals'), ['py-status'], { stdio: ['ignore', 'ignore', 'inherit'] });
  }, 900_000);

  it('goes from its Dockerfile to a microcontainer in one command', async () => {
    const file = join(tempDir(), 'Dockerfile');
    const text = readFileSync(join(STORY, 'Dockerfile'), 'utf8');
    // The base holds Python and pip already; the compiler, which nothing here needs, would take most of the time.
    const quick = text
      .replace('FROM debian:12', '$&\nUSER root\nENTRYPOINT []')
      .replace('build-essential python3 python3-dev', '--no-install-recommends python3')
      .replace('pip install', 'pip install --force-reinstall');
    expect(quick).not.toContain('python3-dev');
    writeFileSync(file, quick);
    const base = ['--build-context', `debian:12=oci:${LAYOUT}:py-status`];
    const probes = ['--probe-file', join(STORY, 'probes.yaml')];
    const { built, shrunk } = await tareJson<{ readonly built: DockerfileResult; readonly shrunk: ShrinkResult }>(
      [
        'build',
        '-f',
        file,
        join(ROOT, 'examples/py-status'),
        '-t',
        'story',
        '--host-ca',
        '--shrink',
        ...probes,
        ...base,
      ],
      { home: join(tempDir(), 'home') },
    );
    expect(built.reference).toBe('story:full');
    expect(shrunk.reference).toBe('story:latest');
    expect(shrunk.verified?.probes.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(built.steps.filter(({ cached }) => cached)).toEqual([]);
    expect(shrunk.size.disk).toBeLessThan(built.size.disk * 0.25);
  }, 600_000);
});
