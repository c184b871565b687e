import { beforeEach, describe, expect, it } from 'vitest';
import type { FileRow } from '../../src/explain/files.ts';
import type { ShrinkResult } from '../../src/shrink/types.ts';
import { tareJson } from '../helpers/cli.ts';
import type { LayerEntry } from '../helpers/images.ts';
import { needs } from '../helpers/needs.ts';
import { makeOriginal } from '../helpers/original.ts';
import { tempDir } from '../helpers/temp.ts';

const RARE = '/usr/share/rare/words.txt';
const encoded = (text: string): string => `Buffer.from('${Buffer.from(text).toString('base64')}', 'base64').toString()`;

/** Answers alike with and without what it looks for, and only complains. No reading of the code can tell what that is. */
const server = (attempt: string): string => `
const { createServer } = require('node:http');
const { readFileSync, readdirSync } = require('node:fs');
try {
  ${attempt}
} catch (error) {
  console.error('going on without:', error.message);
}
createServer((request, response) => response.end('home')).listen(8080);
`;
const READS = `readFileSync(${encoded(RARE)});`;
/** As Python looks for modules: what the folder does not list is not asked for. */
const LISTS = `const folder = ${encoded('/usr/share/rare')};
  if (!readdirSync(folder).includes('extra')) throw new Error("No module named 'extra'");
  readFileSync(folder + '/extra/inner/data.txt');`;

describe.skipIf(!needs('crun', 'unshare'))('tare shrink, of a program that goes on without what it misses', () => {
  let home: string;
  const original = async (code: string, more: readonly LayerEntry[] = []): Promise<void> => {
    home = await makeOriginal({
      entries: [
        { path: 'app/server.js', content: code },
        { path: 'app/package.json', content: '{"name":"rare","main":"server.js"}' },
        { path: 'usr/share/rare/words.txt', content: 'rare words\n' },
        { path: 'usr/share/rare/other.txt', content: 'other words\n' },
        ...more,
      ],
      config: { Entrypoint: ['/usr/bin/node', 'server.js'], Cmd: null, ExposedPorts: { '8080/tcp': {} } },
    });
  };
  const shrink = (...args: string[]): Promise<ShrinkResult> =>
    tareJson<ShrinkResult>(['shrink', 'original', '--static', '--probe', 'http:8080/', '--name', 'small', ...args], {
      home,
      cwd: tempDir(),
    });
  const paths = async (): Promise<string[]> =>
    (await tareJson<FileRow[]>(['files', 'small'], { home })).map((row) => row.path);
  const complaints = ({ warnings }: ShrinkResult): readonly string[] =>
    warnings.filter(({ code }) => code === 'new-complaint').map(({ message }) => message);
  beforeEach(() => {
    home = '';
  });

  it('puts back what it complains of', async () => {
    await original(server(READS));
    const result = await shrink();
    expect(result.repaired.map(({ path }) => path)).toEqual([RARE]);
    expect(complaints(result)).toEqual([]);
    expect(result.verified?.ok).toBe(true);
    expect(await paths()).toContain(RARE);
  });

  it('puts back what is in a folder that it listed, when that is what it names', async () => {
    await original(server(LISTS), [
      { path: 'usr/share/rare/extra/inner/data.txt', content: 'data' },
      { path: 'usr/share/rare/extraordinary/large.bin', content: 'not this' },
    ]);
    const result = await shrink('--include', '/usr/share/rare/words.txt');
    expect(result.repaired.map(({ path }) => path)).toContain('/usr/share/rare/extra/inner/data.txt');
    expect(complaints(result)).toEqual([]);
    const kept = await paths();
    expect(kept).toContain('/usr/share/rare/extra/inner/data.txt');
    expect(kept).not.toContain('/usr/share/rare/extraordinary/large.bin');
    expect(kept).not.toContain('/usr/share/rare/other.txt');
  });

  it('warns when that does not help', async () => {
    await original(server(READS));
    const result = await shrink('--exclude', RARE);
    expect(result.verified?.ok).toBe(true);
    expect(complaints(result)).toEqual([expect.stringContaining(`open '${RARE}'`)]);
    expect(await paths()).not.toContain(RARE);
  });

  it('does not mind what the original complains of too', async () => {
    await original(server(`readFileSync(${encoded('/usr/share/rare/none.txt')});`));
    const result = await shrink();
    expect(result).toMatchObject({ repaired: [], verified: { ok: true } });
    expect(complaints(result)).toEqual([]);
  });
});
