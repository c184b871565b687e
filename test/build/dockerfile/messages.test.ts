import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../../helpers/needs.ts';
import { openBuilds, type ContextFiles } from './builds.ts';

const canRun = needs('crun', 'busybox');

const CONTEXT: ContextFiles = {
  'a.txt': 'a',
  'package.json': '{}',
  'src/lib/server.js': '1',
  'notes.md': '',
  '.dockerignore': '# not wanted\n*.md\n',
};

const CURES =
  /`tare copy oci:DIR:NAME node:20`.*docker-daemon:node:20.*docker-archive:FILE.*`--build-context node:20=oci:DIR:NAME`/;

describe('what FROM and --from name and nobody knows', () => {
  it.each<readonly [what: string, lines: string, message: RegExp, hint: RegExp]>([
    ['an image', 'FROM node:20', /:1: the store holds no image "node:20"$/, CURES],
    ['an image below a stage', 'FROM busybox AS b\nFROM node:20', /:2: the store holds no image "node:20"$/, CURES],
    [
      'a stage in COPY --from',
      'FROM busybox AS builder\nFROM busybox\nCOPY --from=bulder /a /b',
      /:3: there is no stage "bulder" above, and the store holds no image "bulder"$/,
      /^did you mean the stage builder\?$/,
    ],
    [
      'a stage in RUN --mount',
      'FROM busybox AS builder\nFROM busybox AS tools\nFROM busybox\nRUN --mount=from=tool,target=/t true',
      /:4: there is no stage "tool" above/,
      /^did you mean the stage tools\? The stages above are builder, tools$/,
    ],
    [
      'a stage in FROM',
      'FROM busybox AS builder\nFROM bilder',
      /:2: there is no stage "bilder" above/,
      /^did you mean the stage builder\?$/,
    ],
    ['a name near one of the store', 'FROM busybox:1', /"busybox:1"$/, /^did you mean busybox:latest\?.*Else bring/],
  ])('%s', async (_what, lines, message, hint) => {
    const { build } = await openBuilds();
    await expect(build(`${lines}\n`)).rejects.toMatchObject({
      code: 'E_IMAGE_NOT_FOUND',
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
  });
});

describe('files that COPY does not find', () => {
  it.each<readonly [what: string, line: string, message: string, hint: string]>([
    ['misspelt', 'COPY pakage.json /', '"pakage.json" is not in the build context', 'did you mean "package.json"?'],
    ['in a misspelt folder', 'COPY src/lob/server.js /', '"src/lob/server.js" is', 'did you mean "src/lib/server.js"?'],
    ['in another folder', 'COPY a.txt Server.js /x/', '"Server.js" is not', 'did you mean "src/lib/server.js"?'],
    ['with parents', 'COPY --parents src/./lib/servr.js /', '"src/lib/servr.js" is', '"src/lib/server.js"'],
    ['like nothing that is there', 'COPY zzzzzzzz/x /', '"zzzzzzzz/x" is', 'the context holds .dockerignore, a.txt, '],
    ['of ADD', 'ADD pakage.json /', '"pakage.json" is not in the build context', 'did you mean "package.json"?'],
    [
      'out of the context',
      'COPY ../a.md /',
      '"../a.md" is outside of the build context',
      '`tare build -f DIR/Dockerfile ..`',
    ],
    [
      'hidden',
      'COPY notes.md /',
      '"notes.md" is not in the build context: .dockerignore:2 hides it (*.md)',
      '`!notes.md`',
    ],
    ['of an image', 'COPY --from=busybox /bin/bussybox /', '"/bin/bussybox" is not in', 'did you mean "/bin/busybox"?'],
  ])('%s', async (_what, line, message, hint) => {
    const { build, dir } = await openBuilds(CONTEXT);
    await expect(build(`FROM busybox\n${line}\n`)).rejects.toMatchObject({
      code: 'E_PATH_NOT_FOUND',
      message: expect.stringContaining(`${dir}/Dockerfile:2: [2/2] ${line}: ${message}`) as string,
      hint: expect.stringContaining(hint) as string,
    });
  });

  it('says of a link that leads nowhere where it leads', async () => {
    const { build, dir } = await openBuilds(CONTEXT);
    symlinkSync('lib/none.js', join(dir, 'src/l'));
    await expect(build('FROM scratch\nCOPY src/l /\n')).rejects.toMatchObject({
      code: 'E_PATH_NOT_FOUND',
      message: expect.stringMatching(
        /"src\/l" is a link to "lib\/none.js", which is not in the build context$/,
      ) as string,
      hint: expect.stringContaining('mend the link') as string,
    });
  });

  it('takes a path that leaves the context from its root, as BuildKit does, when it is there', async () => {
    const { build } = await openBuilds(CONTEXT);
    expect((await build('FROM busybox\nCOPY ../../a.txt /x\n')).files).toEqual(['644 0:0 /x = a']);
  });
});

describe.skipIf(!canRun)('RUN without its program', () => {
  it.each<readonly [line: string, message: string, hint: string]>([
    [
      'RUN echo hi',
      'the image has no /bin/sh, and this form of RUN is a line for a shell',
      '`RUN ["/path/to/program", ',
    ],
    ['RUN ["/bin/none", "x"]', 'the image has no /bin/none', '`COPY --from=STAGE`'],
  ])('%s', async (line, message, hint) => {
    const { build } = await openBuilds();
    await expect(build(`FROM scratch\n${line}\n`)).rejects.toMatchObject({
      code: 'E_ENTRYPOINT',
      message: expect.stringMatching(new RegExp(`:2: .*${message}$`)) as string,
      hint: expect.stringContaining(hint) as string,
    });
  });

  it('can be lent the programs of another image, as the cure says', async () => {
    const { build } = await openBuilds();
    const lines = 'RUN --mount=from=busybox,source=/bin,target=/bin echo hi > /x';
    expect((await build(`FROM scratch\n${lines}\n`)).files).toContain('644 0:0 /x = hi');
  });
});

describe('--build-arg that no ARG declares', () => {
  it.each<readonly [name: string, lines: string, clue: string | undefined]>([
    ['VERSIO', 'FROM busybox\nARG VERSION', 'did you mean VERSION?'],
    ['OTHER', 'ARG BASE=busybox\nFROM $BASE\nARG VERSION', 'it has BASE, VERSION'],
    ['OTHER', 'FROM busybox', 'it has no ARG'],
    ['VERSION', 'FROM busybox\nARG VERSION', undefined],
    ['VERSION', 'FROM busybox AS other\nARG VERSION\nFROM busybox', undefined],
    ['http_proxy', 'FROM busybox', undefined],
    ['BUILDKIT_INLINE_CACHE', 'FROM busybox', undefined],
    ['TARGETARCH', 'FROM busybox', undefined],
    ['SOURCE_DATE_EPOCH', 'FROM busybox', undefined],
  ])('%s in %s', async (name, lines, clue) => {
    const { build } = await openBuilds();
    const { result } = await build(`${lines}\n`, { buildArgs: new Map([[name, '1']]) });
    const warnings = result.warnings.filter(({ code }) => code === 'build-arg-unused');
    expect(warnings.map(({ message }) => message)).toEqual(
      clue === undefined
        ? []
        : [expect.stringMatching(new RegExp(`^--build-arg ${name}: .*${clue.replace('?', '\\?')}$`))],
    );
  });

  it('but ONBUILD of a base image may', async () => {
    const { build } = await openBuilds();
    await build('FROM busybox\nONBUILD ARG VERSION\n', { tags: ['with-trigger'] });
    const { result } = await build('FROM with-trigger\n', { buildArgs: new Map([['VERSION', '1']]) });
    expect(result.warnings).toEqual([]);
  });
});
