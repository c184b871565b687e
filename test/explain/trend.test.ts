import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.ts';
import { appendTrend, readTrends, type TrendPoint } from '../../src/explain/trend.ts';
import { tempDir } from '../helpers/temp.ts';

const point = (reference: string, disk: number): TrendPoint => ({
  reference,
  digest: sha256(`${disk}`),
  created: '2026-01-01T00:00:00Z',
  disk,
  wire: disk,
  files: 1,
  layers: 1,
});

const lines = (file: string): readonly unknown[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

describe('appendTrend', () => {
  it('appends what is new, and answers the trends of what it was given', async () => {
    const file = join(tempDir(), 'sizes.jsonl');
    await appendTrend(file, [point('a', 10), point('b', 4)]);
    const trends = await appendTrend(file, [point('a', 20), point('a', 10), point('a', 20)]);
    expect(trends).toEqual([{ reference: 'a', points: [point('a', 10), point('a', 20)] }]);
    expect(lines(file)).toEqual([point('a', 10), point('b', 4), point('a', 20)]);
    const before = readFileSync(file);
    await appendTrend(file, [point('b', 4), point('a', 10)]);
    expect(readFileSync(file)).toEqual(before);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('keeps what others wrote: members, blank lines, a last line without an end, mode and links', async () => {
    const dir = tempDir();
    const file = join(dir, 'real');
    const foreign = `${JSON.stringify({ ...point('a', 1), note: 'x' })}\r\n\n${JSON.stringify(point('b', 2))}`;
    writeFileSync(file, foreign);
    chmodSync(file, 0o600);
    symlinkSync('real', join(dir, 'link'));
    await appendTrend(join(dir, 'link'), [point('a', 3)]);
    expect(readFileSync(file, 'utf8')).toBe(`${foreign}\n${JSON.stringify(point('a', 3))}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('loses nothing when many append at a time', async () => {
    const file = join(tempDir(), 'sizes.jsonl');
    const many = Array.from({ length: 20 }, (_, at) => point('a', at * 2));
    await Promise.all(many.map((each) => appendTrend(file, [each])));
    expect(lines(file)).toHaveLength(20);
    expect(lines(file)).toEqual(expect.arrayContaining(many));
  });

  it.each<[string, string]>([
    ['no JSON', 'E_JSON'],
    ['{"reference":"a"}', 'E_JSON'],
    ['null', 'E_JSON'],
    ['[]', 'E_JSON'],
    [JSON.stringify({ ...point('a', 1), disk: -1 }), 'E_JSON'],
    [JSON.stringify({ ...point('a', 1), digest: 'sha256:../../x' }), 'E_JSON'],
    [JSON.stringify({ ...point('a', 1), created: 5 }), 'E_JSON'],
    [JSON.stringify(point('a', 1)).slice(0, -2), 'E_JSON'],
    [`${JSON.stringify(point('a', 1))}\n`.repeat(120_000), 'E_LIMIT'],
  ])('refuses %.30s, and leaves it as it is', async (content, code) => {
    const file = join(tempDir(), 'sizes.jsonl');
    writeFileSync(file, content);
    await expect(appendTrend(file, [point('b', 1)])).rejects.toMatchObject({ code });
    expect(readFileSync(file, 'utf8')).toBe(content);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('refuses what is no file', async () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'folder'));
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    await expect(appendTrend(join(dir, 'folder'), [point('a', 1)])).rejects.toMatchObject({ code: 'E_NOT_FILE' });
    await expect(appendTrend(join(dir, 'pipe'), [point('a', 1)])).rejects.toMatchObject({ code: 'E_NOT_FILE' });
    await expect(appendTrend(join(dir, 'no/file'), [point('a', 1)])).rejects.toMatchObject({
      code: 'E_PATH_NOT_FOUND',
    });
  });
});

describe('readTrends', () => {
  it('gives the trends of all names, in the order in which they came, and makes nothing', async () => {
    const file = join(tempDir(), 'sizes.jsonl');
    await expect(readTrends(file)).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
    expect(existsSync(file)).toBe(false);
    const points = ['b', 'a', 'b'].map((reference, at) => ({
      reference,
      digest: sha256(Buffer.from(String(at))),
      created: null,
      disk: at,
      wire: 1,
      files: 1,
      layers: 1,
    }));
    await appendTrend(file, points);
    expect(await readTrends(file)).toEqual([
      { reference: 'b', points: [points[0], points[2]] },
      { reference: 'a', points: [points[1]] },
    ]);
    writeFileSync(file, 'no row\n');
    await expect(readTrends(file)).rejects.toMatchObject({ code: 'E_JSON' });
  });
});
