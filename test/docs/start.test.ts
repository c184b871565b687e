import { accessSync, constants, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanEnvironment, execute } from '../helpers/cli.ts';
import { ROOT } from '../helpers/markdown.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

const TEXT = readFileSync(join(ROOT, 'docs/start.md'), 'utf8');

/** Blocks of commands, each with the answer that is shown below it. */
const BLOCKS = [...TEXT.matchAll(/^```sh\n([^]*?)^```\n(?:\n```text\n([^]*?)^```\n)?/gm)].map(
  ([, script = '', shown = '']) => ({ lines: script.trimEnd().split('\n'), shown: shown.trimEnd().split('\n') }),
);
const COMMANDS = BLOCKS.flatMap(({ lines }) => lines.map((line) => line.replace(/\s+#.*$/, '')));

/** Numbers, their units, digests and the space between columns differ from machine to machine. */
const shape = (line: string): string =>
  line
    .replaceAll(/sha256:[0-9a-f]+|\d[\d.]*/g, '#')
    .replaceAll(/# (?:[kMG]?B|m?s)\b/g, '#')
    .replaceAll(/\s+/g, ' ')
    .trim();

describe('docs/start.md', () => {
  it('installs by what is there', () => {
    const scripts = COMMANDS.filter((line) => line.startsWith('script/'));
    expect(scripts).toEqual(['script/bootstrap', 'script/build']);
    for (const script of scripts) accessSync(join(ROOT, script), constants.X_OK);
    expect(COMMANDS.filter((line) => !/^(?:tare |script\/|npm link$)/.test(line))).toEqual([]);
  });

  it.skipIf(!needs('crun', 'npm'))(
    'has commands that do what it says',
    async () => {
      const dir = tempDir();
      const cwd = join(dir, 'work');
      const prefix = join(dir, 'prefix');
      mkdirSync(cwd);
      mkdirSync(join(prefix, 'lib'), { recursive: true });
      cpSync(join(ROOT, 'examples/node-status'), join(cwd, 'examples/node-status'), { recursive: true });
      const env = {
        ...cleanEnvironment(),
        TARE_HOME: join(dir, 'home'),
        npm_config_prefix: prefix,
        PATH: `${join(prefix, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      };
      for (const { lines, shown } of BLOCKS) {
        let said = '';
        // What the scripts of the first block make is there already: the tests run on it.
        for (const line of lines.filter((line) => !line.startsWith('script/'))) {
          const answer = await execute('sh', ['-ec', line], { cwd: line.startsWith('npm ') ? ROOT : cwd, env });
          expect(answer.code, `${line}\n${answer.stderr}`).toBe(0);
          said += answer.stdout;
        }
        const shapes = said.split('\n').map(shape);
        for (const line of shown) expect(shapes, line).toContain(shape(line));
      }
      expect(readFileSync(join(cwd, 'report.html'), 'utf8')).toContain('<title>tare explore</title>');
      expect(['node-status.tar', 'layout/index.json'].filter((name) => !existsSync(join(cwd, name)))).toEqual([]);
    },
    300_000,
  );
});
