import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DockerfileResult } from '../../src/build/dockerfile/types.ts';
import type { FileRow } from '../../src/explain/files.ts';
import { compareBytes } from '../../src/base/path.ts';
import { tare, tareJson, type CliOptions } from '../helpers/cli.ts';
import { namesIn } from '../helpers/images.ts';
import { needs } from '../helpers/needs.ts';
import { addShellOriginal } from '../helpers/original.ts';
import { startTareRegistry } from '../helpers/registry.ts';
import { tempDir } from '../helpers/temp.ts';

type Built = readonly (DockerfileResult & { readonly service: string })[];

/** A folder with these files: what a Compose file says begins there, wherever tare is called. */
function projectIn(files: Readonly<Record<string, string>>): { readonly file: string; readonly options: CliOptions } {
  const dir = tempDir();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return { file: join(dir, 'compose.yaml'), options: { home: tempDir(), cwd: tempDir() } };
}

const pathsOf = async (image: string, options: CliOptions): Promise<readonly string[]> =>
  (await tareJson<readonly FileRow[]>(['files', image], options)).map(({ path }) => path);

const SHOP = {
  'compose.yaml': `
name: shop
services:
  web: { build: ./web }
  api:
    image: team/api:1
    build:
      context: ./api
      dockerfile: other.Dockerfile
      target: small
      args: { WORD: file, FLAG: file }
      labels: { org.example.team: api }
      tags: [team/api:extra]
      additional_contexts: { extra: ./extra }
  note:
    build:
      context: ./web
      dockerfile_inline: |
        FROM scratch
        COPY index.html /note
  database: { image: nobody/has-it }
`,
  'web/Dockerfile': 'FROM scratch\nCOPY . /srv/\n',
  'web/.dockerignore': 'secret\n',
  'web/index.html': 'hello',
  'web/secret': 'x',
  'api/other.Dockerfile':
    'FROM scratch AS small\nARG WORD\nARG FLAG\nLABEL word=$WORD flag=$FLAG\nCOPY --from=extra data /data\nFROM small\nCOPY large /large\n',
  'api/large': 'x',
  'extra/data': 'x',
};

describe('tare build -f compose.yaml', () => {
  it('builds every service that says how, and leaves the others alone', async () => {
    const { file, options } = projectIn(SHOP);
    const built = await tareJson<Built>(
      ['build', '-f', file, '--build-arg', 'FLAG=typed', '--label', 'by=us'],
      options,
    );
    expect(built.map(({ reference, service, tags }) => [service, reference, tags])).toEqual([
      ['api', 'team/api:1', ['team/api:1', 'team/api:extra']],
      ['note', 'shop-note:latest', ['shop-note:latest']],
      ['web', 'shop-web:latest', ['shop-web:latest']],
    ]);
    expect(namesIn(options.home).toSorted()).toEqual([
      'shop-note:latest',
      'shop-web:latest',
      'team/api:1',
      'team/api:extra',
    ]);
    expect(await pathsOf('shop-web', options)).toEqual([
      '/srv',
      '/srv/.dockerignore',
      '/srv/Dockerfile',
      '/srv/index.html',
    ]);
    expect(await pathsOf('shop-note', options)).toEqual(['/note']);
    expect(await pathsOf('team/api:extra', options)).toEqual(['/data']);
    const { config } = await tareJson<{ config: unknown }>(['inspect', 'team/api:1'], options);
    expect(config).toMatchObject({
      config: { Labels: { word: 'file', flag: 'typed', by: 'us', 'org.example.team': 'api' } },
    });

    const again = await tareJson<Built>(
      ['build', '-f', file, '--build-arg', 'FLAG=typed', '--label', 'by=us'],
      options,
    );
    expect(again.map(({ digest }) => digest)).toEqual(built.map(({ digest }) => digest));
    expect(again.flatMap(({ steps }) => steps).every(({ cached }) => cached)).toBe(true);
  });

  it.each([
    ['makes ready what will be run', [], ['data', 'note', 'srv']],
    ['leaves that when it is told to', ['--no-unpack'], []],
  ])('%s', async (_what, flags, expected) => {
    const { file, options } = projectIn(SHOP);
    await tareJson(['build', '-f', file, ...flags], options);
    const roots = join(options.home, 'tare', 'roots');
    const made = existsSync(roots) ? readdirSync(roots).flatMap((name) => readdirSync(join(roots, name))) : [];
    expect(made.toSorted(compareBytes)).toEqual(expected);
  });

  it('has nothing to make ready of one image', async () => {
    const { file, options } = projectIn(SHOP);
    const { code, stderr } = await tare(['build', join(dirname(file), 'web'), '--no-unpack'], options);
    expect(code).toBe(2);
    expect(stderr).toContain('--no-unpack goes with a Compose file');
  });

  it('says it to people and to scripts', async () => {
    const { file, options } = projectIn(SHOP);
    const { stdout } = await tare(['build', '-f', file], options);
    expect(stdout.split('\n').map((line) => line.split(/ +/).slice(0, 2))).toEqual(
      expect.arrayContaining([
        ['api', 'team/api:1'],
        ['note', 'shop-note:latest'],
        ['web', 'shop-web:latest'],
      ]),
    );
    expect(stdout).toContain('3 services');
    expect(await tare(['build', '-f', file, '-q'], options)).toMatchObject({
      code: 0,
      stdout: 'team/api:1\nshop-note:latest\nshop-web:latest\n',
    });
  });

  it('fetches the bases that the store does not have', async () => {
    const storage = join(tempDir(), 'registry');
    const registry = await startTareRegistry({ storage });
    try {
      const base = `${registry.host}/team/base:1`;
      const maker = { home: tempDir() };
      const { file: made } = projectIn({
        'compose.yaml': `services: { base: { image: '${base}', build: . } }\n`,
        Dockerfile: 'FROM scratch\nCOPY compose.yaml /base\n',
      });
      await tareJson(['build', '-f', made], maker);
      await tareJson(['push', base], maker);
      const { file, options } = projectIn({
        'compose.yaml': 'name: p\nservices: { web: { build: . } }\n',
        Dockerfile: `FROM ${base}\nCOPY compose.yaml /web\n`,
      });
      const never = await tare(['build', '-f', file, '--pull', 'never'], options);
      expect(never).toMatchObject({ code: 2, stderr: expect.stringContaining('E_IMAGE_NOT_FOUND') });
      await tareJson(['build', '-f', file], options);
      expect(await pathsOf('p-web', options)).toEqual(['/base', '/web']);
    } finally {
      await registry.stop();
    }
  });

  it.skipIf(!needs('crun', 'unshare'))('gives steps the secrets of their service, and no layer has them', async () => {
    const { file, options } = projectIn({
      'compose.yaml': `
name: p
services:
  web:
    build: { context: ., secrets: [word, { source: word, target: other }] }
secrets: { word: { file: ./word.txt } }
`,
      Dockerfile:
        'FROM shell\nRUN --mount=type=secret,id=word --mount=type=secret,id=other cat /run/secrets/other > /dev/null && test "$(cat /run/secrets/word)" = fox && echo yes > /told\n',
      'word.txt': 'fox',
    });
    await addShellOriginal(options.home, 'shell:latest', {});
    await tareJson(['build', '-f', file], options);
    const paths = await pathsOf('p-web', options);
    expect(paths).toContain('/told');
    expect(paths.filter((path) => path.startsWith('/run/'))).toEqual([]);
  });

  it.each<readonly [what: string, services: string, code: string, text: RegExp]>([
    ['a folder that is not there', 'web: { build: ./none }', 'E_PATH_NOT_FOUND', /compose\.yaml:3.*none.*Dockerfile/],
    [
      'another Dockerfile that is not there',
      'web: { build: { context: ., dockerfile: x/Dockerfile } }',
      'E_PATH_NOT_FOUND',
      /compose\.yaml:3.*x\/Dockerfile/,
    ],
    [
      'a repository',
      'web: { build: "https://git.example.com/a.git" }',
      'E_COMPOSE_UNSUPPORTED',
      /compose\.yaml:3.*is not a folder/,
    ],
    ['no service that says how', 'web: { image: x }', 'E_COMPOSE', /no service says how it is built/],
    ['a stage that is not there', 'web: { build: { context: ., target: large } }', 'E_DOCKERFILE', /large/],
    [
      'a Dockerfile that is wrong',
      'web: { build: { context: ., dockerfile_inline: "FORM x" } }',
      'E_DOCKERFILE',
      /FORM/,
    ],
  ])('refuses %s', async (_what, service, code, text) => {
    const { file, options } = projectIn({
      'compose.yaml': `name: p\nservices:\n  ${service}\n`,
      Dockerfile: 'FROM scratch\nCOPY compose.yaml /\n',
    });
    const answer = await tare(['build', '-f', file, '--json'], options);
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    const { error } = JSON.parse(answer.stderr.trim().split('\n').at(-1) ?? '') as {
      error: { code: string; message: string };
    };
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
    expect(namesIn(options.home)).toEqual([]);
  });
});
