import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { command } from '../../src/cli/commands/build.ts';
import { parseConfig } from '../../src/config/config.ts';
import { configSchema } from '../../src/config/schema.ts';

const text = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8');
const keys = Object.keys(configSchema.shape);
const rows = [...text.matchAll(/^\| \[`(\w+)`\]\(#(\w+)\) \| .+? \| .+? \| (.+?) \|$/gm)].map(
  ([, key, anchor, flag]) => ({
    key,
    anchor,
    flag,
  }),
);

/** What stands under the heading of a key. */
function sectionOf(key: string): string {
  return text.split(`\n### ${key}\n`)[1]?.split(/\n##/)[0] ?? '';
}

describe('docs/config.md', () => {
  it('has every key of the schema in its table, in that order, and no other', () => {
    expect(rows.map((row) => row.key)).toEqual(keys);
    expect(rows.map((row) => row.anchor)).toEqual(keys.map((key) => key.toLowerCase()));
  });

  it.each(keys)('shows %s in an example that is valid', async (key) => {
    const example = /```yaml\n(.*?)```/s.exec(sectionOf(key))?.[1] ?? '';
    const config = await parseConfig(example, 'docs/config.md');
    expect(Object.keys(config)).toEqual([key === 'timeout' ? 'timeoutMs' : key]);
  });

  it('names the flag of tare build that means the same', () => {
    const flags = new Map(command.options.map((option) => [option.config, /--[a-z-]+/.exec(option.flags)?.[0]]));
    const told = rows.map(({ key, flag }) => [key, flag]);
    expect(told).toEqual(keys.map((key) => [key, flags.has(key) ? `\`${flags.get(key) ?? ''}\`` : '–']));
  });
});
