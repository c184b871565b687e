import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogLine } from '../../src/systems/logs.ts';
import { needs } from '../helpers/needs.ts';
import { expectNothingLeft, makeBench, project, type Bench } from '../helpers/systems.ts';

const available = needs('crun', 'unshare', 'ip', 'busybox');

describe.skipIf(!available)('up', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await makeBench();
  });
  afterAll(() => bench.remove());

  const logOf = async (text: string): Promise<readonly LogLine[]> =>
    text
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);

  it('starts services in the order of what they need, and stops them the other way round', async () => {
    const serve = (name: string): string =>
      `sh -c 'trap "echo bye ${name}; exit 0" TERM; echo hi ${name}; touch /tmp/up; while :; do sleep 0.1; done'`;
    const p = project(
      bench,
      `
services:
  web:
    image: box:1
    command: ${serve('web')}
    depends_on: {db: {condition: service_healthy}, task: {condition: service_completed_successfully}}
  db:
    image: box:1
    command: ${serve('db')}
    healthcheck: {test: [CMD, test, -e, /tmp/up], interval: 1s}
  task:
    image: box:1
    command: sh -c 'sleep 0.3; echo done task'
    depends_on: [db]
`,
    );
    const up = p.start(['up']);
    await up.says(/hi web/);
    await up.says(/running \(healthy\)/);
    expect(
      up.said.stdout
        .replaceAll(/^.*\| /gm, '')
        .trim()
        .split('\n'),
    ).toEqual(['hi db', 'done task', 'hi web']);
    await p.tare(['down']);
    expect(await up.ended).toBe(0);
    expect(
      up.said.stdout
        .replaceAll(/^.*\| /gm, '')
        .trim()
        .split('\n')
        .slice(3),
    ).toEqual(['bye web', 'bye db']);
    await expectNothingLeft(bench);
    void logOf;
  }, 60_000);
});
