import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import { parseDockerfile } from '../../src/formats/dockerfile/index.ts';
import { lintDockerfile } from '../../src/lint/lint.ts';
import { measured } from '../../src/lint/measure/measure.ts';
import type { History } from '../../src/oci/types.ts';
import { openStore } from '../../src/store/index.ts';
import { openImage } from '../../src/transports/index.ts';
import { makeImage, type LayerEntry } from '../helpers/images.ts';
import { tempDir } from '../helpers/temp.ts';

const file = (path: string, size: number, fill = 'x'): LayerEntry => ({ path, content: fill.repeat(size) });
const stanza = (name: string, more = ''): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n${more}\n`;
/** gcc-12 needs what provides `virtual`; it recommends manuals, which need their reader. */
const STATUS = [
  stanza('gcc-12', 'Depends: nowhere | virtual (>= 1),\n base:any\nRecommends: manuals\n'),
  stanza('base', 'Essential: yes\n'),
  stanza('real', 'Provides: virtual (= 1)\n'),
  stanza('manuals', 'Pre-Depends: reader\n'),
  stanza('reader'),
].join('');
const OWNED = { 'gcc-12': '/usr/bin/gcc-12', real: '/usr/bin/real', manuals: '/usr/man', reader: '/usr/bin/reader' };

const TEXT = [
  'FROM debian:12',
  'ARG V=1',
  'RUN apt-get update && apt-get install -y gcc-12',
  'COPY app /app',
  'RUN pip install x',
  'RUN chown -R 1 /app && rm -rf /var/lib/apt/lists/*',
  'ENV A=1',
  'RUN npm ci',
  'USER 1',
].join('\n');

const LAYERS: readonly (readonly LayerEntry[])[] = [
  [file('etc/motd', 50), file('usr/share/doc/x', 7000)],
  [
    file('var/lib/apt/lists/a', 3000),
    file('var/lib/apt/lists/b', 1000),
    file('usr/bin/gcc-12', 5000),
    { path: 'var/lib/dpkg/status', content: STATUS },
    file('usr/bin/real', 40),
    file('usr/man', 600),
    file('usr/bin/reader', 70),
    ...Object.entries(OWNED).map(([name, path]): LayerEntry => ({
      path: `var/lib/dpkg/info/${name}.list`,
      content: `${path}\n`,
    })),
  ],
  [file('app/server', 2000), file('app/data', 500)],
  [file('root/.cache/pip/http/1', 900), file('usr/lib/python3/x.py', 10)],
  [
    { ...file('app/server', 2000), uid: 1 },
    { ...file('app/data', 400, 'y'), uid: 1 },
    { path: 'var/lib/apt/lists/.wh..wh..opq' },
  ],
  [file('app/node_modules/a.js', 30)],
];

const BUILDKIT: readonly History[] = [
  { created_by: '/bin/sh -c #(nop) ADD file:abc in / ' },
  { created_by: '/bin/sh -c #(nop)  CMD ["bash"]', empty_layer: true },
  { created_by: 'ARG V=1', empty_layer: true },
  { created_by: 'RUN |1 V=1 /bin/sh -c apt-get update && apt-get install -y gcc-12 # buildkit' },
  { created_by: 'COPY app /app # buildkit' },
  { created_by: 'RUN |1 V=1 /bin/sh -c pip install x # buildkit' },
  { created_by: 'RUN |1 V=1 /bin/sh -c chown -R 1 /app && rm -rf /var/lib/apt/lists/* # buildkit' },
  { created_by: 'ENV A=1', empty_layer: true },
  { created_by: 'RUN |1 V=1 /bin/sh -c npm ci # buildkit' },
  { created_by: 'USER 1', empty_layer: true },
];
const CLASSIC: readonly History[] = [
  { created_by: '/bin/sh -c #(nop) ADD file:abc in / ' },
  { created_by: '/bin/sh -c apt-get update && apt-get install -y gcc-12' },
  { created_by: '/bin/sh -c #(nop) COPY dir:0123 in /app ' },
  { created_by: '|1 V=1 /bin/sh -c pip install x' },
  { created_by: '|1 V=1 /bin/sh -c chown -R 1 /app && rm -rf /var/lib/apt/lists/*' },
  { created_by: '/bin/sh -c npm ci' },
];

async function measuredFindings(
  text: string,
  history: readonly History[],
  layers = LAYERS,
): Promise<Record<string, number | undefined>> {
  const store = await openStore({ home: join(tempDir(), 'home') });
  await makeImage({
    store,
    layers,
    name: 'app:1',
    config: { history, config: { Env: ['PATH=/bin', 'FROM_BASE=1'] } },
  });
  const image = await openImage('app:1', { store, ctx: createContext() });
  const dockerfile = parseDockerfile(text, { file: 'f' });
  const known = await measured(dockerfile, image, { store, signal: new AbortController().signal });
  // Each instruction is known by itself, so it has to be the same parse.
  const { lintParsed } = await import('../../src/lint/lint.ts');
  const { findings } = lintParsed(dockerfile, known);
  return Object.fromEntries(findings.map(({ bytes, range, rule }) => [`${range.start.line} ${rule}`, bytes]));
}

describe('an image that was built from the file', () => {
  it.each([
    ['BuildKit', BUILDKIT],
    ['the classic builder', CLASSIC],
  ])('gives bytes to findings, with the history of %s', async (_name, history) => {
    expect(await measuredFindings(TEXT, history)).toEqual({
      '3 AptListsKept': 4000,
      '3 AptRecommends': 670,
      '3 BuildToolsInFinalStage': 5000,
      '5 PipCacheKept': 900,
      '6 ChangedLater': 2000,
      '6 DeletedLater': 4000,
      // npm ci has left no cache here: that is no finding then.
      '8 DevDependenciesKept': undefined,
    });
  });

  it.each([
    ['nothing that a later step asks for by name', 'RUN npm ci && apt-get install --no-install-recommends manuals', []],
    ['nothing that cannot be told', 'RUN npm ci && apt-get install --no-install-recommends $MORE', [undefined]],
    ['nothing when something else was installed', 'RUN npm ci && apt-get install -R unknown', [undefined]],
  ])('counts as recommended %s', async (_name, last, bytes) => {
    const text = TEXT.replace('RUN npm ci', last);
    const history = BUILDKIT.map((row) => ({
      ...row,
      created_by: (row.created_by ?? '').replace('npm ci', last.replace('RUN ', '')),
    }));
    const found = Object.entries(await measuredFindings(text, history));
    expect(found.filter(([key]) => key === '3 AptRecommends').map(([, each]) => each)).toEqual(bytes);
  });

  it('knows the variables of the base image', async () => {
    const text = `${TEXT}\nLABEL x=$FROM_BASE`;
    expect(lintDockerfile(text).findings.map(({ rule }) => rule)).toContain('UndefinedVar');
    expect(Object.keys(await measuredFindings(text, BUILDKIT))).not.toContain('10 UndefinedVar');
  });

  it('finds tools of a base that no package owns', async () => {
    const text = 'FROM registry.example/dotnet/sdk:8.0\nCOPY a /a\nUSER 1';
    const history = [{ created_by: 'base' }, { created_by: 'COPY a /a # buildkit' }];
    const layers = [
      [file('usr/share/dotnet/sdk/8.0/x.dll', 500), file('usr/share/dotnet/shared/y.dll', 9)],
      [file('a', 1)],
    ];
    expect(await measuredFindings(text, history, layers)).toMatchObject({ '1 BuildToolsInFinalStage': 500 });
  });

  it('knows that a step has left nothing', async () => {
    const text = 'FROM debian:12\nRUN touch /x\nRUN rm -rf /x\nCOPY a /a\nUSER 1';
    const history = [
      { created_by: 'base' },
      { created_by: 'RUN /bin/sh -c touch /x # buildkit' },
      { created_by: 'RUN /bin/sh -c rm -rf /x # buildkit', empty_layer: true },
      { created_by: 'COPY a /a # buildkit' },
    ];
    const layers = [[file('usr/x', 5)], [file('x', 0)], [file('a', 5)]];
    expect(Object.keys(await measuredFindings(text, [], layers))).toContain('3 DeletedLater');
    expect(Object.keys(await measuredFindings(text, history, layers))).toEqual([]);
  });

  it('finds what the text does not show', async () => {
    const text = 'FROM debian:12\nRUN ./clean.sh\nUSER 1';
    const store = await openStore({ home: join(tempDir(), 'home') });
    const layers = [[file('usr/big', 200_000)], [{ path: 'usr/.wh.big' }]];
    const history = [{ created_by: 'base' }, { created_by: 'RUN /bin/sh -c ./clean.sh # buildkit' }];
    await makeImage({ store, layers, name: 'app:1', config: { history } });
    const image = await openImage('app:1', { store, ctx: createContext() });
    const dockerfile = parseDockerfile(text, { file: 'f' });
    const known = await measured(dockerfile, image, { store, signal: new AbortController().signal });
    const { lintParsed } = await import('../../src/lint/lint.ts');
    expect(lintParsed(dockerfile, known).findings).toMatchObject([{ rule: 'DeletedLater', bytes: 200_000 }]);
  });

  it.each([
    ['of another file', LAYERS.map(() => ({ created_by: 'RUN /bin/sh -c something else' }))],
    ['of another length', BUILDKIT.slice(3)],
    ['of nothing', []],
  ])('measures nothing with a history %s', async (_name, history) => {
    const found = await measuredFindings(TEXT, history);
    expect(Object.values(found).filter((bytes) => bytes !== undefined)).toEqual([]);
    expect(Object.keys(found)).toContain('8 NpmCacheKept');
  });
});
