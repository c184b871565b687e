import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Image {
  readonly disk: number;
  readonly wire: number;
  readonly files: number;
  readonly layers: number;
  readonly packages: readonly { readonly manager: string; readonly name: string; readonly version: string }[];
  readonly versions: readonly string[];
  readonly passed: number;
  readonly asked: number;
  readonly start: number;
}

interface Told {
  readonly stages: readonly {
    readonly file: string;
    readonly published?: number;
    readonly whole: Image;
    readonly small: Image;
  }[];
  readonly micro: readonly (Image & { readonly title: string })[];
  readonly closure?: object;
}

interface Tables {
  change(before: number | undefined, after: number | undefined): string;
  startTime(seconds: number, former?: string): string;
  storyRows(told: Told, former?: string): Record<string, string>[];
  storySection(story: object, told: Told, former: string): string;
  goalTable(stories: readonly object[], results: ReadonlyMap<string, Told>): string;
  sectionOf(text: string, name: string): string;
  withSection(text: string, name: string, content: string): string;
}

const tables = (await import(join(ROOT, 'script/lib/story-tables.mjs'))) as Tables;
const { change, goalTable, sectionOf, startTime, storyRows, storySection, withSection } = tables;

const image = (disk: number, more: Partial<Image> = {}): Image => ({
  disk: disk * 1e6,
  wire: 1e6,
  files: 2,
  layers: 1,
  packages: [],
  versions: [],
  passed: 1,
  asked: 1,
  start: 0.34,
  ...more,
});

const STORY = { number: 1, name: 'app', title: 'app', published: [100] };

const told = (more: Partial<Told> = {}): Told => ({
  stages: [
    { file: 'Dockerfile', published: 400, whole: image(200), small: image(50) },
    { file: 'Dockerfile.two', published: 300, whole: image(100), small: image(20) },
  ],
  micro: [
    { ...image(19), title: '`tare build`' },
    { ...image(20), title: '`tare shrink`' },
  ],
  ...more,
});

describe('story-tables', () => {
  it.each<readonly [before: number | undefined, after: number | undefined, text: string]>([
    [309.1, 117.3, '−62%'],
    [702.5, 82, '−88%'],
    [117.3, 309.1, '+62%'],
    [1000, 1, '−99.9%'],
    [1000, 999, '0%'],
    [undefined, 1, '–'],
    [0, 1, '–'],
  ])('%s → %s is %s', (before, after, text) => expect(change(before, after)).toBe(text));

  it.each<readonly [seconds: number, former: string | undefined, text: string]>([
    [0.34, undefined, '0.3'],
    [0.34, '0.4', '0.4'],
    [0.34, '0.3', '0.3'],
    [0.34, '0.2', '0.3'],
    [1.26, '0.3', '1.3'],
  ])('a start of %s s after %s is %s', (seconds, former, text) => expect(startTime(seconds, former)).toBe(text));

  it('compares everything with the first image, and marks the microcontainer', () => {
    const shown = storyRows(told()).map(({ disk, first, image: name, published, publishedFirst }) =>
      [name, published, publishedFirst, disk, first].join(' | '),
    );
    expect(shown).toEqual([
      '`Dockerfile` | 400 | – | 200.0 | –',
      '`Dockerfile.two` | 300 | −25% | 100.0 | −50%',
      '`Dockerfile`, `--shrink` |  |  | 50.0 | −75%',
      '`Dockerfile.two`, `--shrink` |  |  | 20.0 | −90%',
      '**`tare build`** |  |  | 19.0 | −91%',
      '`tare shrink` |  |  | 20.0 | −90%',
    ]);
  });

  it('gives the same text again when only the times are a little different', () => {
    const first = storySection(STORY, told(), '');
    const stages = told().stages.map((stage) => ({ ...stage, whole: { ...stage.whole, start: 0.38 } }));
    expect(storySection(STORY, told({ stages }), first)).toBe(first);
    const slow = stages.map((stage) => ({ ...stage, whole: { ...stage.whole, start: 0.5 } }));
    expect(storySection(STORY, told({ stages: slow }), first)).not.toBe(first);
  });

  it('names what is in the microcontainer, by its managers', () => {
    const packages = [
      { manager: 'python', name: 'flask', version: '3' },
      { manager: 'dpkg', name: 'libc6', version: '2' },
      { manager: 'dpkg', name: 'base-files', version: '1' },
    ];
    const micro = [{ ...image(19, { packages, versions: ['python 3.11', 'glibc 2.36'] }), title: 'x' }];
    expect(storySection(STORY, told({ micro }), '')).toContain(
      'In the microcontainer: python 3.11, glibc 2.36; of dpkg base-files 1, libc6 2; of python flask 3.',
    );
  });

  it('holds steps of our own against the goal as well', () => {
    const stages = [...told().stages, { file: 'Dockerfile.own', whole: image(80), small: image(60) }];
    expect(storySection(STORY, told({ stages }), '')).toContain('shrinks to 60.0 MB: 20 % above the goal.');
    expect(
      storyRows(told({ stages }))
        .slice(0, 3)
        .map(({ published }) => published),
    ).toEqual(['400', '300', '']);
  });

  it('says by how much a goal is met or missed', () => {
    const story = (name: string, published: number) => ({ number: 1, name, title: name, published: [published] });
    const closure = { bytes: 18e6, files: [], version: '1', released: '2026-01-01' };
    const stories = [story('met', 100), story('short', 20), story('node', 1), story('later', 10)];
    const results = new Map([
      ['met', told()],
      ['short', told()],
      ['node', told({ closure })],
    ]);
    const rows = goalTable(stories, results).split('\n').slice(2);
    expect(rows).toEqual([
      '| 1. met | 100 | 50.0 | 19.0 | yes, 62 % below | 1.0 | −91% |',
      '| 1. short | 20 | 10.0 | 19.0 | no: short by 9.0 MB, 90 % | 1.0 | −91% |',
      '| 1. node | 1 | 18.4 (closure + 2 %) | 19.0 | no: short by 0.6 MB, 3 % | 1.0 | −91% |',
      '| 1. later | 10 | 5.0 | – | – | – | – |',
    ]);
  });

  it('replaces a section, and nothing else', () => {
    const text = withSection('a <!-- x -->\nold\n<!-- /x --> b', 'x', 'new');
    expect(text).toBe('a <!-- x -->\n\nnew\n\n<!-- /x --> b');
    expect(sectionOf(text, 'x')).toBe('new');
    expect(() => withSection('a', 'x', 'new')).toThrow('no place for x');
  });
});
