import {
  chmodSync,
  existsSync,
  lutimesSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { needs } from '../../helpers/needs.ts';
import { openBuilds, ranSteps, writeContext, type ContextFiles } from './builds.ts';

const canRun = needs('crun', 'busybox');

const CONTEXT: ContextFiles = {
  'a.txt': 'a',
  'b.txt': 'b',
  'dir/one': '1',
  'dir/sub/two': '2',
  'dir/link': '-> one',
  'to-dir': '-> dir',
  'to-file': '-> a.txt',
  'empty/': '',
};

describe('COPY', () => {
  it.each<readonly [name: string, lines: string, files: readonly string[]]>([
    ['a file under another name', 'COPY a.txt /x', ['644 0:0 /x = a']],
    [
      'a file into a folder that is not there',
      'COPY a.txt /n/m/',
      ['755 0:0 /n', '755 0:0 /n/m', '644 0:0 /n/m/a.txt = a'],
    ],
    ['a file into a folder that is there', 'COPY a.txt /tmp', ['644 0:0 /tmp/a.txt = a']],
    ['several files', 'COPY a.txt b.txt /n/', ['755 0:0 /n', '644 0:0 /n/a.txt = a', '644 0:0 /n/b.txt = b']],
    [
      "a folder's contents",
      'COPY dir /n',
      ['755 0:0 /n', '777 0:0 /n/link -> one', '644 0:0 /n/one = 1', '755 0:0 /n/sub', '644 0:0 /n/sub/two = 2'],
    ],
    ['a pattern', 'COPY *.txt /n/', ['755 0:0 /n', '644 0:0 /n/a.txt = a', '644 0:0 /n/b.txt = b']],
    ['a pattern that nothing matches', 'COPY *.none a.txt /n/', ['755 0:0 /n', '644 0:0 /n/a.txt = a']],
    ['a link to a file', 'COPY to-file /x', ['644 0:0 /x = a']],
    ['a link to a folder', 'COPY to-dir/one /x', ['644 0:0 /x = 1']],
    ['an empty folder', 'COPY empty /n', ['755 0:0 /n']],
    ['with an owner by name', 'COPY --chown=app a.txt /n/', ['755 1000:1001 /n', '644 1000:1001 /n/a.txt = a']],
    ['with an owner by number', 'COPY --chown=7 a.txt /x', ['644 7:7 /x = a']],
    ['with a mode', 'COPY --chmod=4711 a.txt /x', ['4711 0:0 /x = a']],
    ['with a symbolic mode', 'COPY --chmod=u=rwX,go= dir/sub /n', ['755 0:0 /n', '600 0:0 /n/two = 2']],
    ['with a mode, of new folders too', 'COPY --chmod=4711 a.txt /n/', ['711 0:0 /n', '4711 0:0 /n/a.txt = a']],
    ['without some', 'COPY --exclude=sub --exclude=li* dir /n', ['755 0:0 /n', '644 0:0 /n/one = 1']],
    [
      'with parents',
      'COPY --parents dir/sub/two /n/',
      ['755 0:0 /n', '755 0:0 /n/dir', '755 0:0 /n/dir/sub', '644 0:0 /n/dir/sub/two = 2'],
    ],
    [
      'with parents below a pivot',
      'COPY --parents dir/./sub/two /n/',
      ['755 0:0 /n', '755 0:0 /n/sub', '644 0:0 /n/sub/two = 2'],
    ],
    ['a here-document', 'COPY <<X /x\nhi $PATH_NOT_SET.\nX', ['644 0:0 /x = hi .']],
    ['a here-document as it stands', "COPY <<'X' /x\nhi $HOME\nX", ['644 0:0 /x = hi $HOME']],
    ['linked', 'COPY --link a.txt /n/', ['755 0:0 /n', '644 0:0 /n/a.txt = a']],
    ['over a file', 'COPY a.txt /x\nCOPY b.txt /x', ['644 0:0 /x = b']],
    ['below the working directory', 'WORKDIR /w\nCOPY a.txt .', ['755 0:0 /w', '644 0:0 /w/a.txt = a']],
    ['WORKDIR belongs to the user', 'USER app\nWORKDIR /w/v', ['755 1000:1001 /w', '755 1000:1001 /w/v']],
    [
      'through a link of the image',
      'COPY <<X /real/f\nf\nX\nCOPY to-file /real/',
      ['755 0:0 /real', '644 0:0 /real/f = f', '644 0:0 /real/to-file = a'],
    ],
    ['from another image', 'COPY --from=busybox /etc/group /g', ['644 0:0 /g = root:x:0:\napp:x:1001:']],
  ])('%s', async (_name, lines, files) => {
    const { build } = await openBuilds(CONTEXT);
    expect((await build(`FROM busybox\n${lines}\n`)).files).toEqual(files);
  });

  it.each<readonly [name: string, lines: string, message: RegExp]>([
    ['what is not there', 'COPY nothing /x', /"nothing" is not in the build context/],
    [
      'what the ignore file hides',
      'COPY secret.txt /x',
      /"secret.txt" is not in the build context: \.dockerignore:2 hides it \(secret\*\)/,
    ],
    ['what is outside', 'COPY ../../etc/passwd /x', /"\.\.\/\.\.\/etc\/passwd" is outside of the build context/],
    ['a file onto a folder', 'COPY dir /n\nCOPY a.txt /n/sub/two/x', /not a folder/],
    ['an owner that is not there', 'COPY --chown=nobody a.txt /x', /"nobody" is not in \/etc\/passwd/],
  ])('refuses %s', async (_name, lines, message) => {
    const { build, dir } = await openBuilds({ ...CONTEXT, 'secret.txt': 's' });
    writeFileSync(join(dir, '.dockerignore'), '# hidden\nsecret*\n');
    await expect(build(`FROM busybox\n${lines}\n`)).rejects.toThrow(message);
  });
});

describe.skipIf(!canRun)('RUN', () => {
  it('keeps what a process changes, and nothing that it only needed', async () => {
    const { build } = await openBuilds(CONTEXT);
    const built = await build(
      'FROM busybox\nRUN touch /made && mkdir -p /d/e && echo x > /d/e/f && cat /etc/resolv.conf > /dev/null; true\n',
    );
    expect(built.files).toEqual(['755 0:0 /d', '755 0:0 /d/e', '644 0:0 /d/e/f = x', '644 0:0 /made = ']);
  });

  it('runs as the user, in the folder, with the environment of its place', async () => {
    const { build } = await openBuilds();
    const built = await build(
      'FROM busybox\nARG V=1\nENV A="b c"\nUSER app\nWORKDIR /w\nRUN id -u; echo "$A $V"; test -w . && touch f\n',
    );
    expect(built.output).toBe('1000\nb c 1\n');
    expect(built.files).toEqual(['755 1000:1001 /w', '644 1000:1001 /w/f = ']);
  });

  it.each<readonly [name: string, lines: string, output: string]>([
    ['a here-document', 'RUN <<EOF\necho one\necho two\nEOF', 'one\ntwo\n'],
    ['a script of its own', 'RUN <<EOF\n#!/bin/sh\necho "$0"\nEOF', '/dev/pipes/EOF\n'],
    ['the exec form', 'RUN ["echo", "a  b"]', 'a  b\n'],
    ['a folder of the context', 'RUN --mount=type=bind,source=dir,target=/m ls /m', 'link\none\nsub\n'],
    [
      'a file of another stage',
      'RUN --mount=type=bind,from=busybox,source=/etc,target=/m cat /m/group',
      'root:x:0:\napp:x:1001:\n',
    ],
    ['a folder in memory', 'RUN --mount=type=tmpfs,target=/m touch /m/x && ls /m', 'x\n'],
    ['a secret', 'RUN --mount=type=secret,id=s test "$(cat /run/secrets/s)" = hush-hush && echo ok', 'ok\n'],
    ['a secret as a variable', 'RUN --mount=type=secret,id=s,env=S test "$S" = hush-hush && echo ok', 'ok\n'],
    ['without a network', 'RUN --network=none ls /sys/class/net', 'lo\n'],
  ])('%s', async (_name, lines, output) => {
    const { build } = await openBuilds(CONTEXT);
    const secrets = new Map([['s', Buffer.from('hush-hush')]]);
    expect((await build(`FROM busybox\n${lines}\n`, { secrets })).output).toBe(output);
  });

  it('keeps a cache between builds, out of the image', async () => {
    const { build } = await openBuilds();
    const text = (number: number): string =>
      `FROM busybox\nRUN --mount=type=cache,target=/c echo ${number} >> /c/log; cat /c/log\n`;
    await build(text(1));
    const second = await build(text(2));
    expect([second.output, second.files]).toEqual(['1\n2\n', []]);
  });

  it('shows each mount its own part of the context', async () => {
    const { build } = await openBuilds({ ...CONTEXT, '[id].txt': 'i' });
    const built = await build(
      'FROM busybox\nRUN --mount=type=bind,source=a.txt,target=/a --mount=type=bind,source=[id].txt,target=/b cat /a /b\n',
    );
    expect(built.output).toBe('ai');
  });

  it('takes a locked cache once, however often a step names it', async () => {
    const { build } = await openBuilds();
    const mounts = ['/p', '/q'].map((target) => `--mount=type=cache,id=c,sharing=locked,target=${target}`).join(' ');
    expect((await build(`FROM busybox\nRUN ${mounts} echo x > /p/f; cat /q/f\n`)).output).toBe('x\n');
  });

  it('stops the other steps when one fails', async () => {
    const { build } = await openBuilds();
    const built = build(
      'FROM busybox AS a\nRUN exit 3\nFROM busybox AS b\nRUN sleep 60\nRUN echo never\nFROM busybox\nCOPY --from=a / /a\nCOPY --from=b / /b\n',
    );
    await expect(built).rejects.toMatchObject({
      code: 'E_STEP',
      message: expect.stringMatching(/^\S+Dockerfile:2: /) as string,
    });
  }, 30_000);

  it.each([
    ['RUN --security=insecure true', 'security.insecure'],
    ['RUN --network=host true', 'network.host'],
  ])('asks before %s', async (line, entitlement) => {
    const { build } = await openBuilds();
    await expect(build(`FROM busybox\n${line}\n`)).rejects.toMatchObject({
      code: 'E_DOCKERFILE',
      hint: `if you trust this Dockerfile: --allow ${entitlement}`,
    });
  });

  it('says how a step failed, and leaves no name', async () => {
    const { build, store } = await openBuilds();
    await expect(
      build('FROM busybox\nRUN echo before >&2; echo why >&2; exit 3\n', { tags: ['never'] }),
    ).rejects.toMatchObject({
      code: 'E_STEP',
      message: expect.stringMatching(
        /RUN echo before.* failed: exit code 3; the end of what it printed:\nbefore\nwhy$/,
      ) as string,
    });
    expect(await store.find('never:latest')).toBeUndefined();
  });

  it('never keeps a secret', async () => {
    const { build, home } = await openBuilds();
    const secrets = new Map([['s', Buffer.from('hush-hush-1234')]]);
    const built = await build('FROM busybox\nRUN --mount=type=secret,id=s cat /run/secrets/s; echo; touch /done\n', {
      secrets,
    });
    expect(built.output).toBe('•••\n');
    expect(JSON.stringify(built.result)).not.toContain('hush-hush');
    for (const file of readdirSync(home, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const bytes = readFileSync(join(file.parentPath, file.name));
      const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
      expect(plain.includes('hush-hush'), file.name).toBe(false);
    }
  });
});

describe.skipIf(!canRun)('the cache', () => {
  const TEXT = 'FROM busybox\nCOPY a.txt /a\nRUN cat /a > /b\nCOPY b.txt /c\nRUN cat /c > /d\n';

  it('knows everything the second time', async () => {
    const { build } = await openBuilds(CONTEXT);
    const first = await build(TEXT);
    const second = await build(TEXT);
    expect(ranSteps(second)).toEqual([]);
    expect(second.result.digest).toBe(first.result.digest);
  });

  it.each<readonly [name: string, change: (dir: string) => void, steps: readonly string[]]>([
    ['a time', (dir) => utimesSync(join(dir, 'a.txt'), 1, 1), []],
    ['a file that is not copied', (dir) => writeFileSync(join(dir, 'dir/one'), 'x'), []],
    ['the later file', (dir) => writeFileSync(join(dir, 'b.txt'), 'x'), ['COPY b.txt /c', 'RUN cat /c > /d']],
    ['the mode of the later file', (dir) => chmodSync(join(dir, 'b.txt'), 0o755), ['COPY b.txt /c', 'RUN cat /c > /d']],
    [
      'the earlier file',
      (dir) => writeFileSync(join(dir, 'a.txt'), 'x'),
      ['COPY a.txt /a', 'RUN cat /a > /b', 'COPY b.txt /c', 'RUN cat /c > /d'],
    ],
  ])('after a change of %s runs what follows from it', async (_name, change, steps) => {
    const { build, dir } = await openBuilds(CONTEXT);
    await build(TEXT);
    change(dir);
    expect(ranSteps(await build(TEXT))).toEqual(steps);
  });

  it('knows which link gave what', async () => {
    const { build, dir } = await openBuilds({ 'd1/f': '1', 'd2/f': '2', low: '-> d1', high: '-> d2' });
    const text = 'FROM busybox\nCOPY low high /d/\n';
    const first = await build(text);
    for (const [name, target] of [
      ['low', 'd2'],
      ['high', 'd1'],
    ] as const) {
      rmSync(join(dir, name));
      symlinkSync(target, join(dir, name));
    }
    expect([first.files.at(-1), (await build(text)).files.at(-1)]).toEqual(['644 0:0 /d/f = 2', '644 0:0 /d/f = 1']);
  });

  it('is not asked with noCache', async () => {
    const { build } = await openBuilds(CONTEXT);
    await build(TEXT);
    expect(ranSteps(await build(TEXT, { noCache: true }))).toHaveLength(4);
  });

  it('makes snapshots again that are gone', async () => {
    const { build, home } = await openBuilds(CONTEXT);
    await build(TEXT);
    rmSync(join(home, 'tare/solve/snapshots'), { recursive: true });
    const built = await build(`${TEXT}RUN cat /a /b /c /d\n`);
    expect([ranSteps(built), built.output]).toEqual([['RUN cat /a /b /c /d'], 'aabb']);
  });

  it('makes equal images of equal things', async () => {
    const texts = 'FROM busybox\nCOPY dir /n\nWORKDIR /w\nCOPY --chmod=600 a.txt .\n';
    const digests = await Promise.all(
      [1, 2].map(async (time) => {
        const { build, dir } = await openBuilds(CONTEXT);
        writeContext(dir, {});
        for (const name of ['a.txt', 'dir/one', 'dir/sub/two', 'dir/sub', 'dir/link', 'dir'])
          lutimesSync(join(dir, name), 5, 5);
        void time;
        return (await build(texts)).result.digest;
      }),
    );
    expect(digests[0]).toBe(digests[1]);
  });
});

describe('named contexts', () => {
  it('take the place of stages and images', async () => {
    const { build, dir } = await openBuilds({ 'pre/f': 'p' });
    const contexts = new Map([['build', join(dir, 'pre')]]);
    const built = await build('FROM busybox AS build\nRUN exit 1\nFROM busybox\nCOPY --from=build /f /f\n', {
      contexts,
    });
    expect(built.files).toEqual(['644 0:0 /f = p']);
  });

  it('are something to build upon', async () => {
    const { build, dir } = await openBuilds({ 'pre/f': 'p' });
    const built = await build('FROM base\nCOPY --from=busybox /etc/group /g\n', {
      contexts: new Map([['base', join(dir, 'pre')]]),
    });
    expect(built.files).toContain('644 0:0 /f = p');
  });
});

describe('times', () => {
  it('are never later than SOURCE_DATE_EPOCH', async () => {
    const { build } = await openBuilds(CONTEXT);
    const { image } = await build('FROM busybox\nCOPY a.txt /a\nWORKDIR /w\n', { epoch: 1000 });
    expect(image.config.created).toBe('1970-01-01T00:16:40Z');
    expect((image.config.history ?? []).slice(1).map((row) => row.created)).toEqual([
      '1970-01-01T00:16:40Z',
      '1970-01-01T00:16:40Z',
    ]);
  });
});

it('leaves nothing half-written behind a step that fails', async () => {
  const { build, home } = await openBuilds(CONTEXT);
  await expect(build('FROM busybox\nCOPY a.txt /a\nCOPY none /b\n')).rejects.toThrow();
  const layers = join(home, 'tare/solve/layers');
  expect(existsSync(layers) ? readdirSync(layers).filter((name) => !name.endsWith('.tar')) : []).toEqual([]);
});
