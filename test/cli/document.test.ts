import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/base/error-codes.ts';
import { cliDocument, commandDocument, flagNames } from '../../src/cli/command-documents.ts';
import { COMMAND_NOTES } from '../../src/cli/command-notes.ts';
import { errorDocument, situationsOf } from '../../src/cli/error-document.ts';
import { GLOBAL_OPTIONS } from '../../src/cli/options.ts';
import { COMMANDS } from '../../src/cli/table.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** TARE_WRITE_DOCS=1 (`npm run docs`) writes the file instead of comparing. */
function expectFile(name: string, text: string): void {
  const file = join(root, name);
  if (process.env['TARE_WRITE_DOCS'] === '1') writeFileSync(file, text);
  expect(readFileSync(file, 'utf8'), `${name} is stale: run \`npm run docs\``).toBe(text);
}

const troubleshooting = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');

describe('generated documents', () => {
  it('docs/cli.md is what the definitions say', () => {
    expectFile('docs/cli.md', cliDocument());
  });

  it.each(COMMANDS.map((line) => [line.name, line] as const))('docs/commands/%s.md is too', async (name, line) => {
    expectFile(`docs/commands/${name}.md`, commandDocument(await line.load(), line));
  });

  it('docs/commands has no other page', () => {
    expect(readdirSync(join(root, 'docs/commands')).sort()).toEqual(COMMANDS.map(({ name }) => `${name}.md`).sort());
  });

  it('docs/errors.md is what the table says', () => {
    expectFile('docs/errors.md', errorDocument(troubleshooting));
  });
});

describe('what is written beside the definitions', () => {
  const names = new Set(COMMANDS.map(({ name }) => name));

  it('is about commands that there are', () => {
    const told = Object.entries(COMMAND_NOTES).flatMap(([name, { commands = [] }]) => [name, ...commands]);
    expect(told.filter((name) => !names.has(name))).toEqual([]);
  });

  it('is about codes that there are, and tells of the most usual ones', () => {
    const codes = [...situationsOf(troubleshooting).keys()];
    expect(codes.filter((code) => !Object.hasOwn(ERROR_CODES, code))).toEqual([]);
    expect(codes.length).toBeGreaterThan(20);
  });

  it('has every code in the document of errors', () => {
    const text = errorDocument('');
    const told = [...text.matchAll(/^### (E_[A-Z_]+)$/gm)].map(([, code]) => code);
    expect(told).toEqual(Object.keys(ERROR_CODES));
  });
});

describe('the error table', () => {
  const src = join(root, 'src');
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'base/error-codes.ts')
    .map((name) => readFileSync(join(src, name), 'utf8'))
    .join('\n');

  it.each(Object.keys(ERROR_CODES))('%s is thrown somewhere', (code) => {
    expect(sources).toContain(`'${code}'`);
  });
});

describe('the command table', () => {
  it.each(COMMANDS.map((line) => [line.name, line] as const))('%s agrees with its file', async (_name, line) => {
    const spec = await line.load();
    expect(spec.name).toBe(line.name);
    expect(spec.summary).toBe(line.summary);
    const names = flagNames(spec);
    expect(new Set(names).size).toBe(names.length);
  });

  /** docker has these letters too, and whoever types them means the same. */
  const LIKE_DOCKER = ['run -t', 'run -v', 'login -u', 'exec -u', 'exec -w', 'down -t', 'down -v', 'ps -a'];
  /** So does Compose. */
  const LIKE_COMPOSE = ['up', 'down', 'ps', 'logs', 'exec', 'systems'].flatMap((name) =>
    '-f -p -n -t -d'.split(' ').map((letter) => `${name} ${letter}`),
  );

  it('gives a letter one meaning over all commands', async () => {
    const meanings = new Map<string, string>();
    for (const line of COMMANDS) {
      const spec = await line.load();
      for (const { flags } of [...GLOBAL_OPTIONS, ...spec.options]) {
        const [, letter, long] = /^(-\w), (--[a-z-]+)/.exec(flags) ?? [];
        if (letter === undefined || [...LIKE_DOCKER, ...LIKE_COMPOSE].includes(`${line.name} ${letter}`)) continue;
        expect(long, `${letter} of tare ${line.name}`).toBe(meanings.get(letter) ?? long);
        meanings.set(letter, long ?? '');
      }
    }
    expect(meanings.get('-t')).toBe('--tag');
  });
});
