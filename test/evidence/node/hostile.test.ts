import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNodeArgs, splitNodeOptions } from '../../../src/evidence/node/flags.ts';
import { textMatcher } from '../../../src/evidence/node/pattern.ts';
import { scanSource } from '../../../src/evidence/node/scan/scan.ts';
import { startCommand } from '../../../src/evidence/node/start-command.ts';
import type { MemoryFile } from '../../helpers/memory-tree.ts';
import { nodeClosure } from '../../helpers/node-closure.ts';

const scan = (text: string): unknown =>
  scanSource(text, { file: '/app/x.js', cwd: '/app', arch: 'x64', wantsCall: () => true });

describe('hostile sources', () => {
  it.each([
    ['nested brackets', `require('a')${'['.repeat(200_000)}`],
    ['nested brackets that close', `require('a');${'('.repeat(50_000)}1${')'.repeat(50_000)}`],
    ['a long chain of members', `require('a')${'.b'.repeat(100_000)}`],
    ['a long chain of calls', `require('a')${'()'.repeat(100_000)}`],
    ['a long sum', `require('a' + ${"__dirname + 'x' + ".repeat(20_000)} 'b')`],
    ['nested templates', `require(${'`${'.repeat(2000)}1${'}`'.repeat(2000)})`],
    ['constants that mean each other', 'const a = b, b = a; require(a); require(`${a}/${b}`)'],
    ['alternatives that multiply', `const x = p ? 'a' : 'b'; require(${'x + '.repeat(40)} 'c')`],
    ['no text at all', 'require(\0\0\xff'],
    ['an endless string', `require('${'a'.repeat(100_000)}`],
  ])('%s', (_name, text) => {
    expect(() => scan(text)).not.toThrow();
  });

  it('any text is scanned without a fault', () => {
    const words =
      "require('a')|import x from \"b\"|import(|`${|}|{|(|)|__dirname|+|path.join(|const a =|;|new URL(|import.meta.url|new Worker(|'x'|,|a|=|\n|//|/*|*/|=>|class A { #x }|try {|catch|\u2028";
    const piece = fc.constantFrom(...words.split('|'));
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (parts) => {
        scan(`require ${parts.join(' ')}`);
      }),
    );
  });

  it('any command line and any script is taken apart without a fault', () => {
    const word = fc.oneof(
      fc.constantFrom('--require', '-r', '--', '-e', 'node', 'npm', 'run', 'A=b', '--import=x', '-', '"', '$x', '&&'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        const { flags, rest, script } = parseNodeArgs(words);
        expect(flags.length + rest.length + (script === undefined ? 0 : 1)).toBeLessThanOrEqual(words.length);
        splitNodeOptions(words.join(' '));
        startCommand(words.join(' '));
      }),
    );
  });

  it('patterns match as a regular expression would, and in linear time', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '\0'), maxLength: 6 });
    fc.assert(
      fc.property(pattern, text, (pattern, text) => {
        expect(textMatcher(pattern)(text)).toBe(new RegExp(`^${pattern.replaceAll('\0', '.*')}$`).test(text));
      }),
    );
    expect(textMatcher(`${'\0a'.repeat(5000)}b`)('a'.repeat(100_000))).toBe(false);
  });

  it.each([
    ['exports', { exports: { '.': { default: { default: { default: ['./x', null, 3] } } } } }],
    ['exports that climb', { exports: '../../../etc/passwd' }],
    ['main that climbs', { main: '../../../../../../etc/passwd' }],
    ['main that is none', { main: ['x'], exports: 7 }],
    ['keys of the prototype', { exports: { __proto__: './x.js', constructor: './y.js' } }],
  ])('package.json: %s', async (_name, manifest) => {
    const files: Record<string, MemoryFile> = {
      '/app/server.js': "try { require('p') } catch {} try { require('p/constructor') } catch {}",
      '/app/node_modules/p/package.json': JSON.stringify(manifest),
      '/etc/passwd': 'root',
    };
    const { paths } = await nodeClosure(files, { argv: ['server.js'] });
    // A main may climb: node follows it, too, and what it finds there is a file of the image all the same.
    expect(paths.filter((path) => path !== '/etc/passwd' || !('main' in manifest))).not.toContain('/etc/passwd');
  });

  it('deeply nested conditions', async () => {
    const nested = `${'{"default":'.repeat(5000)}"./x.js"${'}'.repeat(5000)}`;
    const files = {
      '/app/server.js': "try { require('p') } catch {}",
      '/app/node_modules/p/package.json': `{"exports":${nested}}`,
      '/app/node_modules/p/x.js': '',
    };
    const { paths } = await nodeClosure(files, { argv: ['server.js'] });
    expect(paths).toEqual(['/app/server.js']);
  });

  it('names that are no text come through', async () => {
    const { paths } = await nodeClosure(
      { '/app/server.js': "require('./b')", '/app/\udcff/x.js': '', '/app/b.js': { link: '\udcff/x.js' } },
      { argv: ['server.js'] },
    );
    expect(paths).toEqual(['/app/b.js', '/app/server.js', '/app/\udcff/x.js'].sort());
  });

  it('a computed folder beyond all measure is cut, and said so', async () => {
    const files = Object.fromEntries(Array.from({ length: 2100 }, (_, at) => [`/app/r/${at}.js`, '']));
    const found = await nodeClosure({ ...files, '/app/server.js': "require('./r/' + x)" }, { argv: ['server.js'] });
    expect(found.paths).toHaveLength(2001);
    expect(found.warnings.map(({ code }) => code)).toEqual(['node-dynamic-import', 'node-folder-cut']);
  });
});
