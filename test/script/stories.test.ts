import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../src/formats/dockerfile/index.ts';
import { readProbeFile } from '../../src/sandbox/probes/files.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAX_README_LINES = 40;

interface Stage {
  readonly file: string;
  readonly published?: number;
}

interface Story {
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly app?: string;
  readonly naive?: string;
  readonly micro?: string;
  readonly page?: string;
  readonly stages?: readonly Stage[];
  readonly published?: readonly number[];
  readonly system?: { readonly compose: string };
}

interface Scripts {
  readonly STORIES: readonly Story[];
  readonly BASES: Readonly<Record<string, string>>;
  folderOf(story: Story): string;
  leaks(layout: string, digests: Iterable<string>, needles: readonly string[]): Promise<readonly string[]>;
  closureOf(
    image: string,
    program: string,
    host: { tareText: (argv: readonly string[]) => Promise<string> },
  ): Promise<object>;
}

/** Scripts run without being compiled, so they are plain modules. */
async function scripts(): Promise<Scripts> {
  const parts: object[] = [];
  for (const name of ['stories.d/stories', 'lib/story-host', 'lib/story-closure'])
    parts.push((await import(join(ROOT, 'script', `${name}.mjs`))) as object);
  return Object.assign({}, ...parts) as Scripts;
}

const { BASES, STORIES, closureOf, folderOf, leaks } = await scripts();
const NAMES = STORIES.map(({ name }) => name);
const withDockerfiles = STORIES.filter(({ stages }) => stages !== undefined).map(
  (story) => [story.name, story] as const,
);

/** As `script/stories` calls it, without its demand for root. */
function script(...args: readonly string[]) {
  const options = { encoding: 'utf8', env: { ...process.env, TARE_STORIES: tempDir() } } as const;
  return spawnSync(process.execPath, [join(ROOT, 'script/stories.mjs'), ...args], options);
}

describe('script/stories', () => {
  it('lists the stories', () => {
    const { status, stdout } = script('--list');
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual(STORIES.map(({ name, title }) => `${name}\t${title}`));
  });

  it('says how it is called', () => {
    const { status, stdout } = script('--help');
    expect(status).toBe(0);
    expect(stdout).toContain('--write');
  });

  it.each([
    [['nosuch'], `no story is called nosuch; there are: ${NAMES.join(' ')}`],
    [['flask', 'nosuch'], 'no story is called nosuch'],
    [['--nosuch'], '--nosuch'],
    [['--write=now'], '--write'],
  ])('refuses %j', (args, words) => {
    const { status, stderr, stdout } = script(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('    at ');
  });
});

describe('examples/stories', () => {
  it('has a folder for each story, and no other', () => {
    const folders = readdirSync(join(ROOT, 'examples/stories'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `examples/stories/${name}`);
    expect(folders.toSorted()).toEqual(withDockerfiles.map(([, story]) => folderOf(story)).toSorted());
    expect(new Set(NAMES).size).toBe(NAMES.length);
  });

  it.each(withDockerfiles)('%s has its Dockerfiles, a page and probes', async (_, story) => {
    const folder = join(ROOT, folderOf(story));
    const files = (story.stages ?? []).map(({ file }) => file);
    expect(readdirSync(folder).toSorted()).toEqual([...files, 'README.md', 'probes.yaml'].toSorted());
    expect(files).toEqual(expect.arrayContaining([story.naive, story.micro]));
    expect(existsSync(join(ROOT, story.app ?? '', 'tare.yaml'))).toBe(true);

    const page = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_README_LINES);
    for (const file of files) expect(page).toContain(`\`${file}\``);
    expect(page).toContain(`script/stories ${story.name}`);
    expect((await readProbeFile(join(folder, 'probes.yaml'))).length).toBeGreaterThan(1);

    const known = [...Object.values(BASES), 'scratch'];
    for (const file of files) {
      const { stages } = parseDockerfile(readFileSync(join(folder, file), 'utf8'), { file });
      expect(known).toEqual(expect.arrayContaining(stages.map(({ from }) => from.image.value)));
    }
  });

  it.each(STORIES.filter((story) => story.system && existsSync(join(ROOT, folderOf(story), story.system.compose))))(
    '$name has a page',
    (story) => {
      const page = readFileSync(join(ROOT, folderOf(story), 'README.md'), 'utf8');
      expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_README_LINES);
    },
  );

  it('leads to each of them', () => {
    const page = readFileSync(join(ROOT, 'examples/stories/README.md'), 'utf8');
    for (const [, story] of withDockerfiles)
      expect(page).toContain(`(${folderOf(story).replace('examples/stories/', '')}/README.md)`);
  });
});

describe('a closure', () => {
  const answer = ['size 30 /lib/libc.so.6', 'size 70 /usr/bin/node', 'version v24.1.0'];
  const host = (lines: readonly string[]) => ({ tareText: () => Promise.resolve(lines.join('\n')) });

  it('is the program, its libraries, and the day of its release', async () => {
    expect(await closureOf('app', '/usr/bin/node', host([...answer, 'released 2025-05-20 24.1.0']))).toEqual({
      bytes: 100,
      files: [
        { path: '/lib/libc.so.6', size: 30 },
        { path: '/usr/bin/node', size: 70 },
      ],
      version: '24.1.0',
      released: '2025-05-20',
    });
  });

  it.each([
    ['a log of another version', [...answer, 'released 2025-05-20 24.0.0']],
    ['no log', answer],
    ['nothing', []],
  ])('refuses %s', async (_, lines) => {
    await expect(closureOf('app', '/usr/bin/node', host(lines))).rejects.toThrow('cannot be told');
  });
});

describe('leaks', () => {
  const large = Buffer.concat([Buffer.alloc(9_000_000, 'x'), Buffer.from('hush'), Buffer.alloc(9, 'x')]);

  function layout(): string {
    const dir = tempDir();
    mkdirSync(join(dir, 'blobs/sha256'), { recursive: true });
    return dir;
  }

  it('finds what an image must not hold, in plain and in compressed blobs', async () => {
    const dir = layout();
    writeFileSync(join(dir, 'blobs/sha256/a'), gzipSync(large, { level: 1 }));
    writeFileSync(join(dir, 'blobs/sha256/b'), '{"env":["hush","whisper"]}');
    writeFileSync(join(dir, 'blobs/sha256/c'), '{}');
    const found = await leaks(dir, ['sha256:a', 'sha256:b', 'sha256:c'], ['hush', 'whisper', 'shout']);
    expect(found.toSorted()).toEqual(['hush in sha256:a', 'hush in sha256:b', 'whisper in sha256:b']);
  });

  it.skipIf(!needs('zstd'))('looks into zstd too', async () => {
    const dir = layout();
    const { stdout } = spawnSync('zstd', ['-19', '--stdout'], { input: large, maxBuffer: 1 << 28 });
    writeFileSync(join(dir, 'blobs/sha256/a'), stdout);
    expect(await leaks(dir, ['sha256:a'], ['hush', 'shout'])).toEqual(['hush in sha256:a']);
  });
});
