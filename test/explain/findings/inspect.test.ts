import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import { inspect } from '../../../src/explain/inspect.ts';
import { openStore } from '../../../src/store/index.ts';
import { openImage } from '../../../src/transports/index.ts';
import { makeImage } from '../../helpers/images.ts';
import { needs } from '../../helpers/needs.ts';
import { expectShape } from '../../helpers/schema.ts';
import { tempDir } from '../../helpers/temp.ts';

it.skipIf(!needs('skopeo'))('answers in the shape of the schema, with something of every kind', async () => {
  const store = await openStore({ home: join(tempDir(), 'home') });
  const ctx = createContext();
  const mtime = 1_700_000_000;
  const real = (path: string, from: string) => ({
    path,
    content: readFileSync(realpathSync(from)),
    mode: 0o4755,
    mtime,
  });
  const skopeo = execFileSync('which', ['skopeo'], { encoding: 'utf8' }).trim();
  await makeImage({
    store,
    name: 'x',
    layers: [
      [
        { path: 'etc/os-release', content: 'ID=debian\nVERSION_ID=12\n', mtime: mtime + 1 },
        { path: 'app/.env', content: 'API_KEY=s3cr3t-value\n', mtime },
        real('lib/libc.so.6', '/usr/lib/x86_64-linux-gnu/libc.so.6'),
        real('usr/bin/skopeo', skopeo),
        real('usr/bin/perl', '/usr/bin/perl'),
        { path: 'app/node_modules/x/package.json', content: '{"name":"x","version":"1.0.0"}', mtime },
      ],
    ],
    config: { created: '2024-01-01T00:00:00Z', history: [{ created: '2024-01-01T00:00:00Z', created_by: 'COPY' }] },
  });
  const answer = await inspect({ image: await openImage('x', { store, ctx }), store, ctx });
  expectShape('inspect', JSON.parse(JSON.stringify(answer)));
  const { findings, runtimes } = answer;
  expect(runtimes.map(({ name }) => name)).toEqual(['perl', 'go']);
  expect(findings.go[0]?.path).toBe('/usr/bin/skopeo');
  expect(findings.missing.map(({ library }) => library)).toContain('/lib64/ld-linux-x86-64.so.2');
  for (const [kind, found] of Object.entries(findings)) {
    if (kind !== 'certificates') expect(Array.isArray(found) ? found.length : 1, kind).toBeGreaterThan(0);
  }
});
