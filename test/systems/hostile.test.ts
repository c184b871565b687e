import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProject, type ReadProject } from '../../src/systems/read-project.ts';
import { tempDir } from '../helpers/temp.ts';

const read = (
  files: Readonly<Record<string, string | Uint8Array>>,
  env: Record<string, string> = {},
): Promise<ReadProject> => {
  const cwd = tempDir();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return readProject({ cwd, env });
};

const bomb = (): string => {
  const lines = ['x0: &x0 [a, a, a, a, a, a, a, a, a, a]'];
  for (let level = 1; level < 10; level++)
    lines.push(`x${level}: &x${level} [${Array.from({ length: 10 }, () => `*x${level - 1}`).join(', ')}]`);
  return lines.join('\n');
};

const chain = (count: number, file: (index: number) => string): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [index === 0 ? 'compose.yaml' : `${index}.yaml`, file(index)]),
  );

const TABLE: readonly (readonly [string, Readonly<Record<string, string | Uint8Array>>, string, RegExp])[] = [
  ['aliases of aliases', { 'compose.yaml': bomb() }, 'E_LIMIT', /more than 200000 values/],
  ['an alias in its own anchor', { 'compose.yaml': 'services: &a {b: *a}' }, 'E_COMPOSE', /inside of its own anchor/],
  ['an alias without an anchor', { 'compose.yaml': 'services: *a' }, 'E_COMPOSE', /compose\.yaml:1:11/],
  ['deep lists', { 'compose.yaml': '['.repeat(200_000) }, 'E_COMPOSE', /compose\.yaml/],
  ['lists in one line', { 'compose.yaml': '- '.repeat(200_000) }, 'E_COMPOSE', /nested deeper/],
  [
    'maps by lines',
    { 'compose.yaml': Array.from({ length: 1000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n') },
    'E_COMPOSE',
    /nested deeper/,
  ],
  ['deep maps', { 'compose.yaml': `services: ${'{a: '.repeat(500)}${'}'.repeat(500)}` }, 'E_COMPOSE', /nested deeper/],
  ['a large file', { 'compose.yaml': `# ${'x'.repeat(1024 * 1024)}` }, 'E_LIMIT', /larger than 1048576 bytes/],
  ['an empty file', { 'compose.yaml': '' }, 'E_COMPOSE', /the file is empty/],
  ['a list', { 'compose.yaml': '[]' }, 'E_COMPOSE', /expected a map/],
  ['a text', { 'compose.yaml': 'hello' }, 'E_COMPOSE', /expected a map/],
  ['two documents', { 'compose.yaml': 'services: {}\n---\nservices: {}' }, 'E_COMPOSE', /compose\.yaml:/],
  ['no UTF-8', { 'compose.yaml': Uint8Array.of(0x61, 0x3a, 0xff) }, 'E_COMPOSE', /is not UTF-8/],
  [
    'a NUL byte',
    { 'compose.yaml': 'services: {a: {image: "a\\0b"}}' },
    'E_COMPOSE',
    /1:23: services\.a\.image: it contains a NUL byte/,
  ],
  ['a map as a key', { 'compose.yaml': 'services: {? {a: b} : c}' }, 'E_COMPOSE', /a key must be a text/],
  ['nothing as a key', { 'compose.yaml': 'services: {? : c}' }, 'E_COMPOSE', /a key must be a text/],
  [
    'a tag nobody knows',
    { 'compose.yaml': 'services: {a: {image: !boom x}}' },
    'E_COMPOSE',
    /the tag "!boom" is not known/,
  ],
  ['binary data', { 'compose.yaml': 'services: {a: {image: !!binary aGk=}}' }, 'E_COMPOSE', /the tag|neither a text/],
  [
    '__proto__ as a service',
    { 'compose.yaml': 'services: {__proto__: {image: a, wrong: 1}}' },
    'E_COMPOSE',
    /unknown key "wrong"/,
  ],
  [
    '__proto__ as a key',
    { 'compose.yaml': '__proto__: {x: 1}\nservices: {a: {image: a}}' },
    'E_COMPOSE',
    /unknown key "__proto__"/,
  ],
  [
    'constructor as a key',
    { 'compose.yaml': 'services: {a: {image: a, constructor: 1}}' },
    'E_COMPOSE',
    /unknown key "constructor"/,
  ],
  [
    'many services',
    { 'compose.yaml': `services: {${Array.from({ length: 501 }, (_, n) => `s${n}: {image: a}`).join(', ')}}` },
    'E_COMPOSE',
    /more than 500 services/,
  ],
  ['includes upon includes', chain(30, (n) => `include: [${n + 1}.yaml]`), 'E_COMPOSE', /more than 20 times/],
  [
    'services upon services',
    { 'compose.yaml': `services: {${Array.from({ length: 60 }, (_, n) => `s${n}: {extends: s${n + 1}}`).join(', ')}}` },
    'E_COMPOSE',
    /more than 50 times/,
  ],
  [
    'a service with a path for its name',
    { 'compose.yaml': 'services: {"../a": {image: a}}' },
    'E_COMPOSE',
    /"\.\.\/a" is no name/,
  ],
  [
    'a huge .env',
    { 'compose.yaml': 'services: {a: {image: a}}', '.env': 'A=1\n'.repeat(300_000) },
    'E_LIMIT',
    /larger/,
  ],
];

describe('hostile projects', () => {
  it.each(TABLE)('%s', async (_name, files, code, message) => {
    await expect(read(files)).rejects.toThrow(message);
    await expect(read(files)).rejects.toMatchObject({ code });
  });

  it('ends with a folder in place of a file', async () => {
    const cwd = tempDir();
    await expect(readProject({ cwd, files: ['.'], env: {} })).rejects.toMatchObject({ code: 'E_NOT_FILE' });
    symlinkSync('compose.yaml', join(cwd, 'compose.yaml'));
    await expect(readProject({ cwd, files: ['compose.yaml'], env: {} })).rejects.toMatchObject({ code: 'E_LOOP' });
    await expect(readProject({ cwd, files: ['gone.yaml'], env: {} })).rejects.toMatchObject({ code: 'E_COMPOSE' });
    await expect(readProject({ cwd: join(cwd, 'gone'), env: {}, files: ['x\0y'] })).rejects.toMatchObject({
      code: 'E_PATH',
    });
  });

  it('never tells what a variable says', async () => {
    const env = { SECRET: 'hunter2', HOME: '/root' };
    const lines = [
      'ports: ["$SECRET"]',
      'environment: ["$SECRET", "=$SECRET"]',
      'command: ["${NONE:?$SECRET}"]',
      'labels: [[$SECRET]]',
      'volumes: ["a:/x:$SECRET", "$SECRET:/y"]',
      'restart: $SECRET',
      'networks: [$SECRET]',
    ];
    for (const line of lines) {
      const error: unknown = await read({ 'compose.yaml': `services:\n  a:\n    image: a\n    ${line}\n` }, env).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(String(error), line).not.toContain('hunter2');
    }
  });
});
