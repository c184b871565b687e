import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { yamlText } from '../../../src/systems/export/yaml.ts';
import { needs } from '../../helpers/needs.ts';
import { tempDir } from '../../helpers/temp.ts';

/** Texts that are something else in YAML, or in one of its versions. */
const TEXTS = [
  '',
  ' lead',
  'tail ',
  '\t',
  '\n',
  'a\n',
  'a\n\n b\n',
  ' a\nb',
  'a\rb',
  'a\r\nb\n',
  'a\n---\nb',
  '---',
  '...',
  '~',
  'null',
  'yes',
  'off',
  'y',
  'NaN',
  '.inf',
  '-1',
  '+1',
  '0123',
  '0o17',
  '0x1f',
  '1_000',
  '1:30',
  '1e3',
  '2001-01-01',
  '<<',
  '=',
  '!!binary x',
  '%TAG',
  '@x',
  '`x',
  '&a',
  '*a',
  '? a',
  '- a',
  '# a',
  'a: b',
  'a #b',
  '"quoted"',
  "it's",
  '\\n',
  '\x1b[31m',
  '\x7f',
  '\x85',
  'a\x85b\nc',
  '\u2028',
  'a\u2029 b',
  '\ufeffa',
  '\u{1f600}',
];
const VALUE = { list: TEXTS, map: Object.fromEntries(TEXTS.map((text, index) => [text, index])) };

describe('what is written as YAML', () => {
  it.each(['1.1', '1.2'] as const)('is read as it was by YAML %s', (version) => {
    const [first, second, ...more] = parseAllDocuments(yamlText([VALUE, TEXTS], 'a comment'), { version });
    expect(more).toEqual([]);
    expect([first?.toJS(), second?.toJS()]).toEqual([VALUE, TEXTS]);
  });

  it('has no character that ends a line to some readers and not to others', () => {
    // oxlint-disable-next-line no-control-regex
    expect(yamlText([VALUE])).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]/);
  });

  it.skipIf(!needs('docker-compose'))('is refused nowhere by docker-compose', () => {
    const dir = tempDir();
    const environment = Object.fromEntries(TEXTS.map((text, index) => [`V${index}`, text]));
    const labels = Object.fromEntries(TEXTS.map((text) => [`k${text}`, 'x']));
    writeFileSync(join(dir, 'compose.yaml'), yamlText([{ services: { a: { image: 'a', environment, labels } } }]));
    execFileSync('docker-compose', ['config', '--quiet'], { cwd: dir });
  });
});
