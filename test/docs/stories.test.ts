import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TEXT = readFileSync(join(ROOT, 'docs/stories.md'), 'utf8');

interface Story {
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly page?: string;
  readonly stages?: readonly { readonly file: string; readonly published?: number }[];
  readonly published?: readonly number[];
}

const { STORIES } = (await import(join(ROOT, 'script/stories.d/stories.mjs'))) as { STORIES: readonly Story[] };

function section(name: string): string {
  const [, text] = new RegExp(`<!-- ${name} -->([^]*?)<!-- /${name} -->`).exec(TEXT) ?? [];
  return text ?? '';
}

const cells = (line: string): string[] => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, ''));

describe('docs/stories.md', () => {
  it.each(STORIES)('has the goal of $name', ({ number, title }) => {
    expect(section('goals')).toContain(`| ${number}. ${title} | `);
  });

  it.each(STORIES.filter(({ stages }) => stages !== undefined))('tells $name, stage by stage', (story) => {
    const rows = section(story.name)
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map(cells);
    const [head = []] = rows;
    for (const column of ['disk', 'wire', 'files', 'layers', 'packages', 'run times', 'start'])
      expect(
        head.some((title) => title.includes(column)),
        column,
      ).toBe(true);
    for (const { file, published } of story.stages ?? []) {
      expect(rows.find(([image]) => image === `\`${file}\``)?.[1]).toBe(
        published === undefined ? '' : String(published),
      );
      expect(rows.some(([image]) => image === `\`${file}\`, \`--shrink\``)).toBe(true);
    }
    expect(rows.filter(([image = '']) => image.startsWith('**'))).toHaveLength(1);
    const alive = rows.slice(2).map((row) => row[head.indexOf('answers')] ?? '');
    expect(alive.filter((text) => !/^(\d+) of \1$/.test(text))).toEqual([]);
  });

  it.each(STORIES.filter(({ published }) => published !== undefined))('has the published sizes of $name', (story) => {
    for (const size of story.published ?? []) expect(TEXT).toContain(`${size} MB`);
  });

  it.each(STORIES.flatMap(({ page }) => page ?? []))('leads to %s', (page) => {
    expect(TEXT).toContain(`](${page})`);
    expect(existsSync(join(ROOT, 'docs', page))).toBe(true);
  });
});
