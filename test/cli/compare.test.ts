import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { tare, tareJson } from '../helpers/cli.ts';
import { makeImage } from '../helpers/images.ts';
import { expectShape } from '../helpers/schema.ts';
import { tempDir } from '../helpers/temp.ts';

describe('tare compare', () => {
  it('keeps a trend from one call to the next, by name', async () => {
    const home = tempDir();
    const file = join(tempDir(), 'sizes.jsonl');
    const store = await openStore({ home });
    const make = (size: number): Promise<unknown> =>
      makeImage({ store, name: 'app', layers: [[{ path: 'x', content: 'x'.repeat(size) }]] });
    await make(1000);
    await makeImage({ store, name: 'base', layers: [[{ path: 'x', content: 'y' }]] });
    const ask = (): Promise<{ trends: { reference: string; points: { disk: number }[] }[] }> =>
      tareJson(['compare', 'base', 'app', '--history', file], { home });
    await ask();
    await make(3000);
    const answer = await ask();
    expectShape('compare', answer);
    expect(answer.trends.map(({ points, reference }) => [reference, ...points.map(({ disk }) => disk)])).toEqual([
      ['base:latest', 1],
      ['app:latest', 1000, 3000],
    ]);
    const { stdout } = await tare(['compare', 'base', 'app', '--markdown', '--history', file], { home });
    expect(stdout).toContain('| app:latest | 3.0 kB |');
    expect(stdout).toContain('- app:latest: 2 images, 1.0 kB ▁█ 3.0 kB, 67% larger on disk');
    expect((await tare(['compare', 'base', 'app', '--history', file], { home })).stdout).toMatch(
      /app:latest +2 images +1\.0 kB → 3\.0 kB, 67% larger/,
    );
  });
});
