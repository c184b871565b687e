import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { rulePage, rulesIndex } from '../../src/lint/document.ts';
import { RULES } from '../../src/lint/rules/index.ts';

const folder = fileURLToPath(new URL('../../docs/rules/', import.meta.url));

/** TARE_WRITE_DOCS=1 writes the file instead of comparing. */
function expectFile(name: string, text: string): void {
  if (process.env['TARE_WRITE_DOCS'] === '1') writeFileSync(`${folder}${name}`, text);
  expect(readFileSync(`${folder}${name}`, 'utf8'), `${name} is stale: run \`npm run docs\``).toBe(text);
}

describe('docs/rules', () => {
  it.each(RULES.map((rule) => [rule.id, rule] as const))('has the page of %s', (id, rule) => {
    expectFile(`${id}.md`, rulePage(rule));
  });

  it('has an index, and no other page', () => {
    expectFile('README.md', rulesIndex());
    expect(readdirSync(folder).sort()).toEqual(['README.md', ...RULES.map(({ id }) => `${id}.md`)].sort());
  });
});
