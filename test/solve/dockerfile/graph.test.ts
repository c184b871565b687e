import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../src/formats/dockerfile/index.ts';
import type { ImageConfig } from '../../../src/oci/types.ts';
import { vertexDigests } from '../../../src/solve/digest.ts';
import { graphOfDockerfile, type GraphOptions } from '../../../src/solve/dockerfile/graph.ts';
import type { BuildGraph, Vertex } from '../../../src/solve/types.ts';

const LINUX = { os: 'linux', architecture: 'amd64' };
const DIGEST = `sha256:${'ab'.repeat(32)}` as const;

const BASE: ImageConfig = {
  ...LINUX,
  config: { Env: ['PATH=/bin', 'LANG=C'], Cmd: ['base'], WorkingDir: '/home', User: 'app' },
  rootfs: { type: 'layers', diff_ids: [DIGEST] },
  history: [{ created_by: 'base layer' }],
};

function graphOf(
  text: string,
  options: Partial<GraphOptions> & { readonly images?: Record<string, ImageConfig> } = {},
) {
  const { images = {}, ...rest } = options;
  return graphOfDockerfile({
    file: parseDockerfile(text, { file: 'Dockerfile' }),
    platform: LINUX,
    buildPlatform: LINUX,
    resolve: (reference) => Promise.resolve({ digest: DIGEST, config: images[reference] ?? BASE }),
    ...rest,
  });
}

/** The operations from the target down to its base, the target first. */
function chain(vertex: Vertex): Vertex[] {
  if (vertex.op === 'exec' || vertex.op === 'file') return [vertex, ...chain(vertex.root)];
  if (vertex.op === 'merge') return [vertex, ...chain(vertex.inputs[0] as Vertex)];
  return [vertex];
}

const historyOf = ({ config }: BuildGraph): readonly (string | undefined)[] =>
  (config.history ?? []).map((row) => row.created_by);

const argvOf = (vertex: Vertex): readonly string[] => (vertex.op === 'exec' ? vertex.argv : []);

describe('configs', () => {
  it.each<readonly [name: string, text: string, config: object]>([
    ['ENV adds to the base, in place', 'ENV LANG=de A=1\nENV A=2', { Env: ['PATH=/bin', 'LANG=de', 'A=2'] }],
    ['ENV sees what was known before it', 'ENV A=1\nENV A=2 B=$A', { Env: ['PATH=/bin', 'LANG=C', 'A=2', 'B=1'] }],
    ['LABEL', 'LABEL a=1 b="x y"', { Labels: { a: '1', b: 'x y' } }],
    ['CMD in shell form', 'CMD run me', { Cmd: ['/bin/sh', '-c', 'run me'], ArgsEscaped: true }],
    ['CMD in exec form', 'CMD ["a", "b c"]', { Cmd: ['a', 'b c'] }],
    ['ENTRYPOINT leaves a command of its own', 'CMD ["c"]\nENTRYPOINT ["e"]', { Entrypoint: ['e'], Cmd: ['c'] }],
    ['SHELL', 'SHELL ["/bin/bash", "-c"]\nCMD x', { Shell: ['/bin/bash', '-c'], Cmd: ['/bin/bash', '-c', 'x'] }],
    ['USER', 'ARG U=me\nUSER $U', { User: 'me' }],
    ['WORKDIR begins at the base', 'WORKDIR a\nWORKDIR ../b', { WorkingDir: '/home/b' }],
    [
      'EXPOSE',
      'EXPOSE 80 53/udp 8000-8001',
      { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {} } },
    ],
    ['VOLUME', 'VOLUME ["/a", "/b"]', { Volumes: { '/a': {}, '/b': {} } }],
    ['STOPSIGNAL', 'STOPSIGNAL SIGQUIT', { StopSignal: 'SIGQUIT' }],
    ['HEALTHCHECK', 'HEALTHCHECK --interval=2s CMD x', { Healthcheck: { Test: ['CMD-SHELL', 'x'], Interval: 2e9 } }],
    ['no HEALTHCHECK', 'HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
    ['ONBUILD', 'ONBUILD RUN x\nONBUILD COPY a b', { OnBuild: ['RUN x', 'COPY a b'] }],
  ])('%s', async (_name, text, config) => {
    const graph = await graphOf(`FROM base\n${text}\n`);
    expect(graph.config.config).toMatchObject(config);
  });

  it("ENTRYPOINT takes the base's command away", async () => {
    const { config } = (await graphOf('FROM base\nENTRYPOINT ["e"]\n')).config;
    expect(config?.Entrypoint).toEqual(['e']);
    expect(config).not.toHaveProperty('Cmd');
  });

  it('has a PATH when the base has none', async () => {
    const graph = await graphOf('FROM scratch\nENV A=1\n');
    expect(graph.config.config?.Env).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'A=1',
    ]);
  });

  it('labels win over those of the file', async () => {
    const graph = await graphOf('FROM base\nLABEL a=1 b=1\n', { labels: new Map([['a', '2']]) });
    expect(graph.config.config?.Labels).toEqual({ a: '2', b: '1' });
  });
});

describe('history', () => {
  it.each<readonly [text: string, row: string]>([
    ['ENV A=1', 'ENV A=1'],
    ['ARG V=1', 'ARG V=1'],
    ['RUN make all', 'RUN /bin/sh -c make all # buildkit'],
    ['ARG V=1\nRUN make', 'RUN |1 V=1 /bin/sh -c make # buildkit'],
    ['RUN ["make", "all"]', 'RUN make all # buildkit'],
    ['COPY --chown=1:2 a b /c/', 'COPY --chown=1:2 a b /c/ # buildkit'],
    ['COPY --from=base --chmod=644 a /c', 'COPY --chmod=644 a /c # buildkit'],
    ['COPY <<X /c\nhi\nX', 'COPY <<X /c # buildkit'],
    ['ADD a /', 'ADD a / # buildkit'],
    ['WORKDIR x', 'WORKDIR /home/x'],
    ['CMD ["a", "b"]', 'CMD ["a" "b"]'],
    ['EXPOSE 80', 'EXPOSE [80/tcp]'],
    ['VOLUME /a', 'VOLUME [/a]'],
    ['USER me', 'USER me'],
    ['HEALTHCHECK CMD x', String.raw`HEALTHCHECK &{["CMD-SHELL" "x"] "0s" "0s" "0s" "0s" '\x00'}`],
  ])('%s', async (text, row) => {
    const graph = await graphOf(`FROM base\n${text}\n`);
    expect(historyOf(graph).at(-1)).toBe(row);
  });

  it('says which rows have no layer', async () => {
    const graph = await graphOf('FROM base\nENV A=1\nRUN x\nWORKDIR /a\nWORKDIR /\nCMD x\n');
    const rows = (graph.config.history ?? []).map((row) => row.empty_layer === true);
    expect(rows).toEqual([false, true, false, false, true, true]);
  });
});

describe('arguments', () => {
  it.each<readonly [name: string, text: string, given: Record<string, string>, argv: string]>([
    ['a default', 'FROM base\nARG V=1\nRUN echo $V', {}, 'V=1'],
    ['a value given', 'FROM base\nARG V=1\nRUN echo', { V: '2' }, 'V=2'],
    ['one that is not declared is not seen', 'FROM base\nRUN echo', { V: '2' }, ''],
    ['a global one, declared again', 'ARG V=3\nFROM base\nARG V\nRUN echo', {}, 'V=3'],
    ['a global one is not seen without', 'ARG V=3\nFROM base\nRUN echo', {}, ''],
    ['platforms', 'FROM base\nARG TARGETARCH\nRUN echo', {}, 'TARGETARCH=amd64'],
    ['stages that build upon each other', 'FROM base AS a\nARG V=1\nFROM a\nRUN echo', {}, 'V=1'],
  ])('%s', async (_name, text, given, expected) => {
    const graph = await graphOf(`${text}\n`, { buildArgs: new Map(Object.entries(given)) });
    const env = graph.target.op === 'exec' ? graph.target.env : [];
    expect(env.filter((item) => !/^(PATH|LANG)=/.test(item)).join(' ')).toBe(expected);
  });

  it('names the base image', async () => {
    const graph = await graphOf('ARG TAG=12\nFROM debian:${TAG}-slim\nRUN x\n', {
      buildArgs: new Map([['TAG', '13']]),
    });
    const base = chain(graph.target).at(-1);
    expect(base).toMatchObject({ op: 'source', source: { kind: 'image', reference: 'debian:13-slim' } });
  });
});

describe('steps', () => {
  it('a process has the environment, folder and user of its place', async () => {
    const graph = await graphOf('FROM base\nENV A=1\nWORKDIR /w\nUSER me:us\nRUN make\n', { hosts: ['db:10.0.0.1'] });
    expect(graph.target).toMatchObject({
      op: 'exec',
      name: '[3/3] RUN make',
      argv: ['/bin/sh', '-c', 'make'],
      env: ['PATH=/bin', 'LANG=C', 'A=1'],
      cwd: '/w',
      user: 'me:us',
      hosts: ['db:10.0.0.1'],
      network: 'default',
    });
  });

  it.each<readonly [name: string, text: string, argv: readonly string[]]>([
    ['a here-document is the script', 'RUN <<EOF\na\nb\nEOF', ['/bin/sh', '-c', 'a\nb\n']],
    [
      'one for a program is handed to the shell',
      'RUN cat <<EOF > x\na\nEOF',
      ['/bin/sh', '-c', 'cat <<EOF > x\na\nEOF'],
    ],
    ['one with #! is a file', 'RUN <<EOF\n#!/usr/bin/env python\nx\nEOF', ['/bin/sh', '-c', '/dev/pipes/EOF']],
  ])('%s', async (_name, text, argv) => {
    expect(argvOf((await graphOf(`FROM base\n${text}\n`)).target)).toEqual(argv);
  });

  it('a copy begins at the working directory, and keeps the slash', async () => {
    const graph = await graphOf('FROM base\nCOPY a ./b/../c x/\n');
    expect(graph.target).toMatchObject({
      op: 'file',
      actions: [{ kind: 'copy', sources: ['/a', '/c'], destination: '/home/x/', unpack: false }],
    });
  });

  it('ADD unpacks what is here, and not what comes from the network', async () => {
    const graph = await graphOf('FROM base\nADD a.tar https://example.org/b.tar /\n');
    const actions = graph.target.op === 'file' ? graph.target.actions : [];
    expect(actions.map((action) => action.kind === 'copy' && [action.sources, action.unpack])).toEqual([
      [['/a.tar'], true],
      [['/b.tar'], false],
    ]);
  });

  it('a linked copy lies on nothing', async () => {
    const graph = await graphOf('FROM base\nCOPY --link a /a\n');
    expect(graph.target).toMatchObject({
      op: 'merge',
      inputs: [{ op: 'source' }, { op: 'file', root: { op: 'scratch' } }],
    });
  });

  it('runs what the base asks for first', async () => {
    const onbuild = { ...BASE, config: { ...BASE.config, OnBuild: ['COPY . /src', 'RUN make'] } };
    const graph = await graphOf('FROM kit\nRUN test\n', { images: { kit: onbuild } });
    expect(chain(graph.target).map((vertex) => ('name' in vertex ? vertex.name : vertex.op))).toEqual([
      '[4/4] RUN test',
      '[3/4] RUN make',
      '[2/4] COPY . /src',
      'FROM kit',
    ]);
    expect(graph.config.config?.OnBuild).toBeUndefined();
  });

  it('keeps proxies out of what a step is', async () => {
    const graph = await graphOf('FROM base\nRUN x\n', { silentEnv: ['HTTP_PROXY=http://p'] });
    const exec = graph.target.op === 'exec' ? graph.target : undefined;
    expect([exec?.silentEnv, exec?.env.join(' ')]).toEqual([['HTTP_PROXY=http://p'], 'PATH=/bin LANG=C']);
  });
});

describe('stages', () => {
  it('looks only at those that the target needs', async () => {
    const asked: string[] = [];
    await graphOf('FROM a AS one\nFROM b AS two\nRUN x\nFROM c\nCOPY --from=one /x /x\n', {
      resolve: (reference) => {
        asked.push(reference);
        return Promise.resolve({ digest: DIGEST, config: BASE });
      },
    });
    expect(asked.sort()).toEqual(['a', 'c']);
  });

  it.each<readonly [name: string, text: string, message: RegExp]>([
    ['itself', 'FROM base AS a\nCOPY --from=a /x /x', /Dockerfile:2: .*a stage cannot take files from itself/],
    ['a later one', 'FROM base\nCOPY --from=b /x /x\nFROM base AS b\nFROM 0', /Dockerfile:2: .*comes later: b/],
    ['one too many', 'FROM base\nCOPY --from=7 /x /x', /Dockerfile:2: .*there is no stage 7/],
    ['an empty base', 'ARG X\nFROM $X', /Dockerfile:2: .*is empty once its variables are replaced/],
    ['a signal that is none', 'FROM base\nSTOPSIGNAL nope!', /Dockerfile:2: .*"nope!" is not a signal/],
    [
      'a mount of everything',
      'FROM base\nRUN --mount=type=tmpfs,target=/ x',
      /Dockerfile:2: .*place of the whole root/,
    ],
    [
      'a checksum without a network',
      'FROM base\nADD --checksum=sha256:00 a /',
      /--checksum goes with a source from the network/,
    ],
  ])('refuses %s', async (_name, text, message) => {
    await expect(graphOf(`${text}\n`, { target: text.includes('FROM base AS b') ? '0' : undefined })).rejects.toThrow(
      message,
    );
  });

  it.each([
    ['by name', 'two', 'b'],
    ['by number', '0', 'a'],
    ['the last one', undefined, 'c'],
  ])('builds %s', async (_name, target, reference) => {
    const graph = await graphOf('FROM a AS one\nFROM b AS Two\nFROM c\n', { target });
    expect(graph.target).toMatchObject({ op: 'source', source: { reference } });
  });

  it('names the stages when the target is not there', async () => {
    await expect(graphOf('FROM a AS one\n', { target: 'two' })).rejects.toMatchObject({
      code: 'E_DOCKERFILE',
      hint: 'its stages are one',
    });
  });
});

describe('names of steps', () => {
  it('are made of words of any length in no time', async () => {
    const word = 'a1'.repeat(32_000);
    const { target } = await graphOf(`FROM scratch\nRUN echo ${word} https://me:hu@sh@example.org/`);
    expect('name' in target && target.name.endsWith('1 https://example.org/')).toBe(true);
  });
});

describe('thousands of them', () => {
  const numbers = Array.from({ length: 8000 }, (_, number) => number);

  it.each([
    ['steps over each other', `FROM scratch\n${numbers.map((number) => `COPY a /${number}`).join('\n')}`],
    ['steps beside each other', `FROM scratch\n${numbers.map((number) => `COPY --link a /${number}`).join('\n')}`],
    ['stages', `FROM scratch AS s0\n${numbers.map((number) => `FROM s${number} AS s${number + 1}`).join('\n')}`],
  ])('%s are no reason to fail', async (_, text) => {
    const { target } = await graphOf(text);
    expect(vertexDigests()(target)).toMatch(/^sha256:/);
  });
});
