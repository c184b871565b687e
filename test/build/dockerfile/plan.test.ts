import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dockerfilePlanText } from '../../../src/report/dockerfile-plan.ts';
import { createStyle } from '../../../src/report/style.ts';
import { needs } from '../../helpers/needs.ts';
import { expectShape } from '../../helpers/schema.ts';
import { instructionOf, openBuilds, ranSteps } from './builds.ts';

const canRun = needs('crun', 'busybox');
const TEXT = `FROM busybox AS build
COPY a /a
RUN cat /a > /b
FROM busybox
COPY --link c /c
COPY --from=build /b /b
RUN --mount=type=bind,source=m,target=/m cat /m/f > /d
`;
const CONTEXT = { a: '1', c: '2', 'm/f': '3' };

/** Everything below a folder: type, mode, size, times, content. */
function stateOf(dir: string): readonly string[] {
  const lines: string[] = [];
  const visit = (path: string): void => {
    const info = lstatSync(path, { bigint: true });
    const content = info.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
    lines.push(`${path} ${info.mode} ${info.size} ${info.mtimeNs} ${info.ctimeNs} ${content}`);
    if (info.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
  };
  visit(dir);
  return lines;
}

describe.skipIf(!canRun)('planDockerfile', () => {
  it('changes nothing on the disk, before a build and after it', async () => {
    const { build, dir, home, plan } = await openBuilds(CONTEXT);
    mkdirSync(join(home, 'tare'), { recursive: true });
    for (const step of ['before', 'after', 'changed']) {
      const state = [stateOf(home), stateOf(dir)];
      await plan(TEXT);
      expect([stateOf(home), stateOf(dir)], step).toEqual(state);
      if (step === 'before') await build(TEXT);
      if (step === 'after') writeFileSync(join(dir, 'a'), 'other');
    }
  });

  it('shows no passwords', async () => {
    const { plan } = await openBuilds({ a: '1' });
    const text =
      'FROM busybox\nARG NPM_TOKEN="hush $"\nCOPY a /a\nRUN get --password=hush https://me:hu@sh@example.org/\n';
    const shown = JSON.stringify((await plan(text)).steps);
    expect(shown).toContain('NPM_TOKEN=***');
    expect(shown).toContain('https://example.org/');
    expect(shown).not.toMatch(/hush|sh@/);
  });

  it('knows what a build would run', async () => {
    const { build, dir, plan } = await openBuilds(CONTEXT);
    const wouldRun = async (): Promise<readonly string[]> =>
      (await plan(TEXT)).steps.filter((step) => step.cached === false).map(instructionOf);
    expect(await wouldRun()).toHaveLength(6);
    await build(TEXT);
    expect(await wouldRun()).toEqual([]);
    writeFileSync(join(dir, 'm/f'), 'other');
    const planned = await wouldRun();
    expect(planned).toEqual(['mount the build context', 'RUN --mount=type=bind,source=m,target=/m cat /m/f > /d']);
    expect([...ranSteps(await build(TEXT))].sort()).toEqual([...planned].sort());
  });

  it('gives each step its place, key and size', async () => {
    const { build, plan } = await openBuilds(CONTEXT);
    await build(TEXT);
    const planned = await plan(TEXT);
    expectShape('dockerfile-plan', planned);
    const copy = planned.steps.find((step) => step.name === '[build 2/3] COPY a /a');
    expect(copy).toMatchObject({ op: 'file', known: true, cached: true, from: null, because: [] });
    expect(copy?.where).toMatch(/Dockerfile:2$/);
    expect(Object.keys(copy?.key?.parts ?? {}).sort()).toEqual(['files 1', 'operation', 'root']);
    expect(copy?.size).toBeGreaterThan(512);
    const mounted = planned.steps.at(-1);
    expect(Object.keys(mounted?.key?.parts ?? {}).sort()).toEqual(['mount 1 /m', 'operation', 'root']);
  });

  it('says which keys cannot be known, and why', async () => {
    const { build, dir, plan } = await openBuilds(CONTEXT);
    await build(TEXT);
    writeFileSync(join(dir, 'a'), 'other');
    const planned = await plan(TEXT);
    expectShape('dockerfile-plan', planned);
    expect(
      planned.steps
        .filter((step) => step.cached === false)
        .map((step) => [instructionOf(step), step.known, step.why, step.because]),
    ).toEqual([
      ['COPY a /a', true, null, ['contents of the context changed: a modified (1 of 1 file)']],
      ['RUN cat /a > /b', false, 'it depends on what comes of [build 2/3] COPY a /a', []],
      ['COPY --from=build /b /b', false, 'it depends on what comes of [build 2/3] COPY a /a', []],
      [
        'RUN --mount=type=bind,source=m,target=/m cat /m/f > /d',
        false,
        'it depends on what comes of [build 2/3] COPY a /a',
        [],
      ],
    ]);
    expect(planned.steps.filter((step) => !step.known).every((step) => step.key?.digest === null)).toBe(true);
  });

  it('does not fetch', async () => {
    const { plan } = await openBuilds();
    const { steps } = await plan('FROM busybox\nADD http://127.0.0.1:9/x /x\n');
    expect(steps.map(({ cached, known, why }) => [cached, known, why])).toEqual([
      [null, true, null],
      [null, false, 'it would have to be fetched'],
      [false, false, 'it depends on what comes of http://127.0.0.1:9/x'],
    ]);
  });

  it('fails as a build would', async () => {
    const { plan } = await openBuilds();
    await expect(plan('FROM busybox\nCOPY none /x\n')).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
    await expect(plan('FROM busybox\n', { engine: 'unix:///none' })).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  it('is a table for people', async () => {
    const { build, plan } = await openBuilds(CONTEXT);
    await build('FROM busybox\nCOPY a /a\n');
    const text = dockerfilePlanText(await plan('FROM busybox\nCOPY a /a\nRUN true\n'));
    expect(text(createStyle({ colour: false, width: 80 })).split('\n')).toEqual([
      '2 steps for linux/amd64: 1 cached, 1 would run',
      '',
      '  step                cached  why',
      expect.stringMatching(/^ {2}\[2\/3\] COPY a \/a +[\d.]+ kB$/) as string,
      '  [3/3] RUN true   would run  the last build had no such step',
    ]);
  });
});
