import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DockerfileOptions } from '../../../src/build/dockerfile/types.ts';
import { pruneBuildCache } from '../../../src/solve/prune.ts';
import { needs } from '../../helpers/needs.ts';
import { instructionOf, openBuilds, type Builds, type Built } from './builds.ts';

const canRun = needs('crun', 'busybox');
const CONTEXT = { 'src/app.js': '1', 'src/lib.js': '2', 'src/old.js': '3', b: 'b' };

const reasonsOf = ({ result }: Built): readonly string[] =>
  result.steps.flatMap((step) => (step.because ?? []).map((reason) => `${instructionOf(step)}: ${reason}`));

interface Case {
  readonly name: string;
  readonly before: string;
  readonly after?: string;
  readonly options?: Partial<DockerfileOptions>;
  readonly change?: (builds: Builds) => void | Promise<unknown>;
  readonly reasons: readonly string[];
}

const COPY = 'FROM busybox\nCOPY src /src\n';
const ARGS = 'FROM busybox\nARG A=1\nARG B=x\nENV C=$A\nRUN echo $A > /a\n';

const CASES: readonly Case[] = [
  {
    name: 'files',
    before: COPY,
    change: ({ dir }) => {
      writeFileSync(join(dir, 'src/app.js'), 'other');
      writeFileSync(join(dir, 'src/new.js'), 'new');
      rmSync(join(dir, 'src/old.js'));
    },
    reasons: [
      'COPY src /src: contents of the context changed: src/app.js modified, src/new.js added, src/old.js removed (3 of 3 files)',
    ],
  },
  {
    name: 'a mode',
    before: COPY,
    change: ({ dir }) => chmodSync(join(dir, 'src/app.js'), 0o755),
    reasons: [
      'COPY src /src: contents of the context changed: src/app.js changed its mode from 644 to 755 (1 of 3 files)',
    ],
  },
  {
    name: 'a command, and what follows from it',
    before: 'FROM busybox\nRUN echo 1 > /a\nCOPY b /b\n',
    after: 'FROM busybox\nRUN echo 2 > /a\nCOPY b /b\n',
    reasons: [
      'RUN echo 2 > /a: the operation changed: `echo 1 > /a` → `echo 2 > /a`',
      'COPY b /b: the step before gave another result (RUN echo 2 > /a)',
    ],
  },
  {
    name: 'an instruction that is put in between',
    before: 'FROM busybox\nCOPY b /b\nRUN cat /b > /c\n',
    after: 'FROM busybox\nCOPY b /b\nWORKDIR /w\nRUN cat /b > /c\n',
    reasons: [
      'WORKDIR /w: the last build had no such step',
      'RUN cat /b > /c: the working directory changed: `/` → `/w`',
      'RUN cat /b > /c: the step before gave another result (WORKDIR /w)',
    ],
  },
  {
    name: 'a build argument',
    before: ARGS,
    options: { buildArgs: new Map([['A', '2']]) },
    reasons: [
      'RUN echo $A > /a: build argument A changed from `1` to `2`',
      'RUN echo $A > /a: variable C changed from `1` to `2`',
    ],
  },
  {
    name: 'the owner of a copy',
    before: 'FROM busybox\nCOPY b /b\n',
    after: 'FROM busybox\nCOPY --chown=7 b /b\n',
    reasons: ['COPY --chown=7 b /b: the operation changed: `COPY b /b` → `COPY --chown=7 b /b`'],
  },
  {
    name: 'what a variable of a copy stands for',
    before: 'FROM busybox\nARG D=/x\nCOPY b $D\n',
    options: { buildArgs: new Map([['D', '/y']]) },
    reasons: ['COPY b $D: the destination changed: `/x` → `/y`'],
  },
  {
    name: 'what another stage gives',
    before: 'FROM busybox AS one\nCOPY b /b\nFROM busybox\nCOPY --from=one /b /c\n',
    change: ({ dir }) => writeFileSync(join(dir, 'b'), 'other'),
    reasons: [
      'COPY b /b: contents of the context changed: b modified (1 of 1 file)',
      'COPY --from=one /b /c: what it copies of stage one changed: b modified (1 of 1 file)',
    ],
  },
  {
    name: 'a here-document',
    before: 'FROM busybox\nCOPY <<X /x\none\nX\n',
    after: 'FROM busybox\nCOPY <<X /x\ntwo\nX\n',
    reasons: ['COPY <<X /x: the text of the here-document changed: X modified (1 of 1 file)'],
  },
  {
    name: 'what is mounted',
    before: 'FROM busybox\nRUN --mount=type=bind,source=src,target=/m cat /m/app.js > /a\n',
    change: ({ dir }) => writeFileSync(join(dir, 'src/app.js'), 'other'),
    reasons: [
      'mount the build context: contents of the context changed: src/app.js modified (1 of 3 files)',
      'RUN --mount=type=bind,source=src,target=/m cat /m/app.js > /a: what is mounted at /m changed',
    ],
  },
  {
    name: 'SOURCE_DATE_EPOCH',
    before: COPY,
    options: { epoch: 5 },
    reasons: ['COPY src /src: SOURCE_DATE_EPOCH changed from none to 5'],
  },
  {
    name: 'the base',
    before: 'FROM busybox\nCOPY b /b\n',
    after: 'FROM scratch\nCOPY b /b\n',
    reasons: ['COPY b /b: what it is built upon changed'],
  },
  {
    name: '--no-cache',
    before: COPY,
    options: { noCache: true },
    reasons: ['COPY src /src: --no-cache asks for it'],
  },
  {
    name: 'a layer that is gone',
    before: COPY,
    change: ({ home }) => rmSync(join(home, 'tare/solve/layers'), { recursive: true }),
    reasons: ['COPY src /src: nothing changed: it was deleted from the cache by prune'],
  },
  {
    name: 'prune of everything',
    before: COPY,
    change: ({ home }) => pruneBuildCache({ home, keepBytes: 0 }),
    reasons: ['COPY src /src: deleted from the cache by prune, with what was known of the last build'],
  },
  { name: 'nothing', before: COPY, reasons: [] },
];

describe.skipIf(!canRun)('explainCache', () => {
  it.each(CASES)('names $name', async ({ after, before, change, options = {}, reasons }) => {
    const builds = await openBuilds(CONTEXT);
    const first = await builds.build(before, { explainCache: true });
    expect(new Set(first.result.steps.flatMap((step) => step.because ?? []))).toEqual(new Set(['first build here']));
    await change?.(builds);
    const planned = await builds.plan(after ?? before, options);
    const built = await builds.build(after ?? before, { ...options, explainCache: true });
    expect(reasonsOf(built)).toEqual(reasons);
    // As far as it can be known before.
    const told = planned.steps.flatMap((step) => step.because.map((reason) => `${instructionOf(step)}: ${reason}`));
    expect(reasons).toEqual(expect.arrayContaining(told));
    expect(told.slice(0, 1)).toEqual(reasons.slice(0, 1));
    const events = built.events.flatMap((event) => (event.kind === 'vertex.because' ? event.because : []));
    expect(events).toHaveLength(reasons.length);
  });

  it('says nothing unless it is asked', async () => {
    const { build } = await openBuilds(CONTEXT);
    const built = await build(COPY);
    expect(built.result.steps.map((step) => step.because)).toEqual([undefined]);
  });

  it('tells targets apart, and remembers what a failed build has done', async () => {
    const { build } = await openBuilds(CONTEXT);
    const text = (last: string): string => `FROM busybox AS one\nCOPY b /b\nRUN ${last}\n`;
    await expect(build(text('false'))).rejects.toMatchObject({ code: 'E_STEP' });
    const built = await build(text('true'), { explainCache: true });
    expect(reasonsOf(built)).toEqual(['RUN true: the last build had no such step']);
    expect(reasonsOf(await build(text('echo'), { explainCache: true, target: 'one' }))).toEqual([
      'RUN echo: first build here',
    ]);
  });

  it('keeps one list for each copy of the last build, and no path of the host', async () => {
    const { build, dir, home } = await openBuilds(CONTEXT);
    for (const text of ['1', '2', '3']) {
      writeFileSync(join(dir, 'src/app.js'), text.repeat(9));
      await build(`${COPY}COPY b /b\n`);
    }
    const memory = join(home, 'tare/solve/memory');
    const names = readdirSync(memory, { recursive: true }).map(String);
    expect(names).toHaveLength(4);
    expect(names.join()).not.toContain('tmp');
  });
});
