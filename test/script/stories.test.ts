import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../src/formats/dockerfile/index.ts';
import { tempDir } from '../helpers/temp.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, 'examples/dockerfiles');

interface Image {
  readonly disk: number;
  readonly wire: number;
  readonly files: number;
  readonly passed: number;
  readonly asked: number;
}

interface Scripts {
  readonly STORIES: readonly {
    readonly name: string;
    readonly app: string;
    readonly naive: string;
    readonly stages: readonly { readonly file: string; readonly published: number }[];
  }[];
  readonly BASES: Readonly<Record<string, string>>;
  change(before: number | undefined, after: number | undefined): string;
  storyRows(stages: readonly (Image & { file: string; published: number; small: Image })[]): Record<string, string>[];
  withSection(text: string, name: string, content: string): string;
  leaks(layout: string, digests: readonly string[], needles: readonly string[]): Promise<readonly string[]>;
}

/** Scripts run without being compiled, so they are plain modules. */
async function scripts(): Promise<Scripts> {
  const parts: object[] = [];
  for (const name of ['stories.d/stories', 'lib/story-tables', 'lib/story-host'])
    parts.push((await import(join(ROOT, 'script', `${name}.mjs`))) as object);
  return Object.assign({}, ...parts) as Scripts;
}

const { BASES, STORIES, change, leaks, storyRows, withSection } = await scripts();

describe('script/stories', () => {
  it('lists every folder of examples/dockerfiles', () => {
    const listed = execFileSync(join(ROOT, 'script/stories'), ['--list'], { encoding: 'utf8' });
    const names = listed
      .trimEnd()
      .split('\n')
      .map((row) => row.split('\t')[0] ?? '');
    const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(names.toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
  });

  it.each(STORIES.map((story) => [story.name, story] as const))('%s uses each of its Dockerfiles', (name, story) => {
    expect(readdirSync(join(FOLDER, name)).toSorted()).toEqual(story.stages.map(({ file }) => file).toSorted());
    expect(story.stages.map(({ file }) => file)).toContain(story.naive);
    expect(existsSync(join(ROOT, 'examples', story.app, 'tare.yaml'))).toBe(true);
    const known = [...Object.values(BASES), 'scratch'];
    for (const { file } of story.stages) {
      const { stages } = parseDockerfile(readFileSync(join(FOLDER, name, file), 'utf8'), { file });
      expect(known).toEqual(expect.arrayContaining(stages.map(({ from }) => from.image.value)));
    }
  });

  it.each<readonly [before: number | undefined, after: number | undefined, text: string]>([
    [309.1, 117.3, '−62%'],
    [702.5, 82, '−88%'],
    [117.3, 309.1, '+62%'],
    [1000, 1, '−99.9%'],
    [1000, 999, '0%'],
    [undefined, 1, '–'],
    [0, 1, '–'],
  ])('%s → %s is %s', (before, after, text) => expect(change(before, after)).toBe(text));

  it('compares a stage with the one before, a shrunk image with its own, and all with the first', () => {
    const image = (disk: number): Image => ({ disk: disk * 1e6, wire: 1e6, files: 2, passed: 1, asked: 1 });
    const rows = storyRows([
      { file: 'Dockerfile', published: 400, ...image(200), small: image(50) },
      { file: 'Dockerfile.two', published: 300, ...image(100), small: image(20) },
    ]);
    const shown = rows.map(({ before, first, image: name, published, publishedBefore, publishedFirst }) =>
      [name, published, publishedBefore, publishedFirst, before, first].join(' '),
    );
    expect(shown).toEqual([
      '`Dockerfile` 400 – – – –',
      '`Dockerfile`, `--shrink`    −75% −75%',
      '`Dockerfile.two` 300 −25% −25% −50% −50%',
      '`Dockerfile.two`, `--shrink`    −80% −90%',
    ]);
  });

  it('finds what an image must not hold, in plain and in compressed blobs', async () => {
    const layout = tempDir();
    mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
    const large = Buffer.concat([Buffer.alloc(9_000_000, 'x'), Buffer.from('hush'), Buffer.alloc(9, 'x')]);
    writeFileSync(join(layout, 'blobs/sha256/a'), gzipSync(large, { level: 1 }));
    writeFileSync(join(layout, 'blobs/sha256/b'), '{"env":["hush","whisper"]}');
    writeFileSync(join(layout, 'blobs/sha256/c'), '{}');
    const found = await leaks(layout, ['sha256:a', 'sha256:b', 'sha256:c'], ['hush', 'whisper', 'shout']);
    expect(found.toSorted()).toEqual(['hush in sha256:a', 'hush in sha256:b', 'whisper in sha256:b']);
  });

  it('replaces a section, and nothing else', () => {
    expect(withSection('a <!-- x -->\nold\n<!-- /x --> b', 'x', 'new')).toBe('a <!-- x -->\n\nnew\n\n<!-- /x --> b');
    expect(() => withSection('a', 'x', 'new')).toThrow('no place for x');
  });
});
