import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { cleanEnvironment, execute, MAIN, tare, tareJson } from '../helpers/cli.ts';
import { makeImage } from '../helpers/images.ts';
import { needs } from '../helpers/needs.ts';
import { expectShape } from '../helpers/schema.ts';
import { tempDir } from '../helpers/temp.ts';

const BAD = 'FROM debian:12-slim\nUSER 65532\nRUN apt-get update\nCMD node server.js\n';
const MENDED =
  'FROM debian:12-slim\nUSER 65532\nRUN apt-get update && rm -rf /var/lib/apt/lists/*\nCMD ["node", "server.js"]\n';

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): { cwd: string; home: string } {
  const cwd = tempDir();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return { cwd, home: join(cwd, '.home') };
}

interface Linted {
  readonly ok: boolean;
  readonly bytes: number | null;
  readonly files: readonly {
    readonly file: string;
    readonly findings: readonly { readonly rule: string; readonly severity: string; readonly bytes?: number }[];
    readonly fixed: readonly { readonly rule: string }[];
  }[];
}

describe('tare lint', () => {
  it('reads ./Dockerfile, and its answer has the shape of its schema', async () => {
    const options = folderWith({ Dockerfile: BAD });
    const answer = await tareJson<Linted>(['lint'], { ...options, code: 1 });
    expectShape('lint', answer);
    expect(answer.files[0]?.findings.map(({ rule }) => rule)).toEqual(['AptListsKept', 'JSONArgsRecommended']);
  });

  it('takes a folder for the Dockerfile in it', async () => {
    const { cwd, home } = folderWith({});
    mkdirSync(join(cwd, 'app'));
    writeFileSync(join(cwd, 'app/Dockerfile'), 'FROM scratch\nUSER 1\n');
    expect(await tare(['lint', 'app'], { cwd, home })).toMatchObject({
      code: 0,
      stdout: '✓ app/Dockerfile: nothing to mend\n',
    });
    const none = await tare(['lint', '.'], { cwd, home });
    expect(none).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the folder . has no Dockerfile') as string,
    });
  });

  it('lists what --fix has changed, line by line, without passwords', async () => {
    const options = folderWith({ Dockerfile: 'FROM scratch\nUSER 1\nCMD app --token=abc\n' });
    const { stdout } = await tare(['lint', '--fix'], options);
    expect(stdout).toContain('\n    3 - CMD app --token=***\n    3 + CMD ["app", "--token=***"]\n');
    expect(stdout).not.toContain('abc');
  });

  it('says of clean files so, a line each, with exit code 0', async () => {
    const options = folderWith({ a: 'FROM debian:12-slim\nUSER 1\n', b: 'FROM scratch\nUSER 1\n' });
    expect(await tare(['lint', 'a', '-f', 'b'], options)).toEqual({
      code: 0,
      stdout: '✓ a: nothing to mend\n✓ b: nothing to mend\n',
      stderr: '',
    });
  });

  it.each<[readonly string[], number]>([
    [[], 1],
    [['--fail-on', 'error'], 0],
    [['--fail-on', 'never'], 0],
    [['--severity', 'error'], 0],
    [['--rules', 'buildkit'], 1],
    [['--ruleset', '2026.1'], 1],
    [['--ruleset', '1999.1'], 2],
    [['--fail-on', 'often'], 2],
    [['nothing-there'], 2],
    [['--context', 'nothing-there'], 2],
    [['--context', 'Dockerfile'], 2],
    [['--target', 'nothing-there'], 2],
    [['--target', '0'], 1],
    [['--format', 'yaml'], 2],
  ])('%j: exit code %i', async (flags, code) => {
    expect((await tare(['lint', ...flags], folderWith({ Dockerfile: BAD }))).code).toBe(code);
  });

  it('--fix writes the file whole, in its mode, behind a link', async () => {
    const options = folderWith({ real: BAD });
    const [real, link] = [join(options.cwd, 'real'), join(options.cwd, 'Dockerfile')];
    chmodSync(real, 0o640);
    symlinkSync('real', link);
    const first = await tare(['lint', '--fix'], options);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('2 findings fixed; nothing left');
    expect(readFileSync(real, 'utf8')).toBe(MENDED);
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect((await tare(['lint', '--fix'], options)).stdout).toContain('nothing to mend');
    expect(readFileSync(real, 'utf8')).toBe(MENDED);
  });

  it('--fix writes nothing when one of the files cannot be read', async () => {
    const options = folderWith({ Dockerfile: BAD, broken: 'FORM a\n' });
    const answer = await tare(['lint', '--fix', 'Dockerfile', 'broken'], options);
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toContain('broken:1: FORM a');
    expect(readFileSync(join(options.cwd, 'Dockerfile'), 'utf8')).toBe(BAD);
  });

  it('--fix leaves a file alone that is not UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from(BAD), Buffer.from([0x23, 0xff, 0x0a])]);
    const options = folderWith({ Dockerfile: bytes });
    expect((await tare(['lint'], options)).code).toBe(1);
    expect((await tare(['lint', '--fix'], options)).stderr).toContain('UTF-8');
    expect(readFileSync(join(options.cwd, 'Dockerfile'))).toEqual(bytes);
  });

  it.skipIf(!needs('patch'))('--diff prints what patch makes of it', async () => {
    const options = folderWith({ Dockerfile: BAD });
    const { stdout } = await tare(['lint', '--diff'], options);
    expect(readFileSync(join(options.cwd, 'Dockerfile'), 'utf8')).toBe(BAD);
    const patched = await execute('patch', ['-p1'], { cwd: options.cwd, input: stdout });
    expect(patched.code, patched.stdout).toBe(0);
    expect(readFileSync(join(options.cwd, 'Dockerfile'), 'utf8')).toBe(MENDED);
  });

  it('takes stdin, and gives the mended text to stdout', async () => {
    const { home } = folderWith({});
    const env = { ...cleanEnvironment(), TARE_HOME: home };
    const found = await execute(process.execPath, [MAIN, 'lint', '-'], { env, input: BAD });
    expect(found.stdout).toContain('AptListsKept');
    const fixed = await execute(process.execPath, [MAIN, 'lint', '--fix', '-'], { env, input: BAD });
    expect(fixed).toMatchObject({ code: 0, stdout: MENDED, stderr: '' });
  });

  it('takes severities and the rule set from tare.yaml', async () => {
    const options = folderWith({
      Dockerfile: BAD,
      'tare.yaml': 'lint: {ruleset: 2026.1, rules: {AptListsKept: off, JSONArgsRecommended: error}}\n',
    });
    const { files } = await tareJson<Linted>(['lint'], { ...options, code: 1 });
    expect(files[0]?.findings).toMatchObject([{ rule: 'JSONArgsRecommended', severity: 'error' }]);
    writeFileSync(join(options.cwd, 'tare.yaml'), 'lint: {rules: {AptListKept: off}}\n');
    const wrong = await tare(['lint'], options);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('did you mean AptListsKept?');
  });

  it('knows the ignore file and the kinds of sources of the folder', async () => {
    const options = folderWith({
      Dockerfile: 'FROM a:1\nUSER 1\nADD x.txt tool /\nCOPY src /src\n',
      'x.txt': 'x',
      tool: Buffer.from([0x1f, 0x8b, 8, 0]),
    });
    mkdirSync(join(options.cwd, 'src'));
    const rules = async (): Promise<string[]> => {
      const { files } = await tareJson<Linted>(['lint', '--fail-on', 'never'], options);
      return files[0]?.findings.map(({ rule }) => rule) ?? [];
    };
    expect(await rules()).toEqual(['MissingIgnoreFile']);
    writeFileSync(join(options.cwd, '.dockerignore'), 'src\n');
    expect(await rules()).toEqual(['CopyIgnoredFile']);
    writeFileSync(join(options.cwd, 'tool'), '#!/bin/sh\n');
    writeFileSync(join(options.cwd, 'Dockerfile.dockerignore'), '.git\n');
    expect(await rules()).toEqual(['AddForLocalFiles']);
  });

  it('--image says what findings cost, and so does --fix', async () => {
    const options = folderWith({ Dockerfile: BAD });
    const store = await openStore({ home: options.home });
    const history = [{ created_by: 'base' }, { created_by: 'RUN /bin/sh -c apt-get update # buildkit' }];
    const layers = [[{ path: 'a', content: 'a' }], [{ path: 'var/lib/apt/lists/x', content: 'x'.repeat(1234) }]];
    await makeImage({ store, layers, name: 'app:1', config: { history } });
    const answer = await tareJson<Linted>(['lint', '--image', 'app:1'], { ...options, code: 1 });
    expect(answer.bytes).toBe(1234);
    expect((await tare(['lint', '--image', 'app:1', '--fix'], options)).stdout).toContain('1.2 kB');
    const other = await tare(['lint', '--image', 'app:1', '-f', 'Dockerfile', '-'], options);
    expect(other.code).toBe(2);
  });

  it.each([
    ['sarif', '"version": "2.1.0"'],
    ['github', '::warning file=Dockerfile,line=3'],
    ['checkstyle', '<checkstyle'],
    ['junit', '<testsuites'],
    ['json', '"ruleset": "2026.1"'],
  ])('--format %s', async (format, part) => {
    const answer = await tare(['lint', '--format', format], folderWith({ Dockerfile: BAD }));
    expect(answer).toMatchObject({ code: 1, stderr: '' });
    expect(answer.stdout).toContain(part);
  });

  it.each([
    ['a folder', (file: string) => mkdirSync(file)],
    ['an endless device', (file: string) => symlinkSync('/dev/zero', file)],
    ['more than 1 MiB', (file: string) => writeFileSync(file, `FROM a\n${'# x\n'.repeat(300_000)}`)],
    ['nothing', (file: string) => writeFileSync(file, '')],
  ])('%s in place of the file is refused at once', async (_what, make) => {
    const options = folderWith({});
    make(join(options.cwd, 'Dockerfile'));
    const answer = await tare(['lint'], options);
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toContain('E_');
  });
});
