import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import {
  exportSystem,
  readProject,
  shrinkSystem,
  upSystem,
  verifySystem,
  type ShrunkSystem,
  type TareEvent,
} from '../../src/index.ts';
import { FAST, tareJson } from '../helpers/cli.ts';
import { leftoversBelow } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { expectShape } from '../helpers/schema.ts';
import { composeText, PROBES, tinySystemIn, type TinyOptions, type TinySystem } from '../helpers/tiny-system.ts';
import { scratchFolder } from '../helpers/watched-cli.ts';

/** What is written as JSON has neither functions nor undefined members. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Only then does anybody know that it listens. */
const HEALTHY = `healthcheck: { test: [CMD, /usr/bin/node, -e, 'fetch("http://127.0.0.1:8080/answer").then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))'], interval: 1s, start_interval: 0.1s, start_period: 30s }`;
const NEVER_HEALTHY = `healthcheck: { test: [CMD, /usr/bin/node, -e, 'process.exit(1)'], interval: 1s, start_period: 60s }, stop_grace_period: 1s`;

describe.skipIf(!needs('crun', 'unshare'))('the library, of whole systems', () => {
  let scratch: string;
  let run: string;
  let home: string;
  let system: TinySystem;
  let count = 0;

  beforeAll(async () => {
    scratch = scratchFolder();
    [home, run] = [join(scratch, 'home'), join(scratch, 'run')];
    mkdirSync(run, { mode: 0o700 });
    vi.stubEnv('XDG_RUNTIME_DIR', run);
    cpSync(inject('seed'), home, { recursive: true, preserveTimestamps: true });
    system = await tinySystemIn(home, join(scratch, 'tiny'));
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** Another Compose file of the same images. */
  function fileOf(options: TinyOptions): string {
    const dir = join(scratch, `file-${(count += 1)}`);
    mkdirSync(dir);
    const file = join(dir, 'compose.yaml');
    writeFileSync(file, composeText(options));
    return file;
  }

  it('shrinks, verifies and exports as the commands do', async () => {
    const { project } = await readProject({ files: [system.file], env: {} });
    const shrunk = await shrinkSystem({ project, home, compression: FAST, cost: { pulls: 3 } });
    expectShape('system-shrink', plain(shrunk));
    expect(shrunk.verified).toMatchObject({ ok: true, probes: [{ name: 'web: http GET 8080/answer' }] });
    const again = await tareJson<ShrunkSystem>(['shrink', '-f', system.file, '--pulls', '3'], { home });
    for (const part of ['services', 'cost'] as const) expect(plain(shrunk[part])).toEqual(again[part]);

    const verified = await verifySystem({ project: system.file, shrunk: true, home });
    expectShape('system-verify', plain(verified));
    expect(verified).toMatchObject({ ok: true, probes: [{ ok: true, original: { ok: true } }] });

    const exported = await exportSystem({
      project,
      home,
      format: 'podman-quadlet',
      shrunk: true,
      observe: false,
      repository: 'registry.example.com/team',
    });
    const flags = ['--podman-quadlet', '--shrunk', '--no-observe', '--repository', 'registry.example.com/team'];
    expect(plain(exported)).toEqual(await tareJson(['systems', 'export', '-f', system.file, ...flags], { home }));
    expect(leftoversBelow(run)).toEqual([]);
  }, 180_000);

  it('exports what a run has shown', async () => {
    const { files } = await exportSystem({ project: system.file, home, format: 'compose' });
    expect(files.map(({ path }) => path)).toContain('back.seccomp.json');
    const project = fileOf({ more: PROBES.replace('forty-two', 'forty-three') });
    await expect(exportSystem({ project, home, format: 'compose', timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'E_ORIGINAL',
      message: expect.stringContaining('web: http GET 8080/answer'),
    });
  });

  it('compares with another system, and with other questions', async () => {
    const against = fileOf({ more: '' });
    const probes = [{ service: 'web', probe: { http: { port: 8080, path: '/words' } } }];
    const verified = await verifySystem({ project: system.file, against, probes, home });
    expect(verified).toMatchObject({
      ok: true,
      probes: [{ name: 'web: http GET 8080/words', ok: true, original: { ok: true } }],
    });
    expect(Object.keys(verified.output)).toEqual([]);
  });

  it('runs one here, which the commands know, until it is stopped', async () => {
    const events: TareEvent[] = [];
    const lines: string[] = [];
    const project = fileOf({ web: HEALTHY });
    const running = await upSystem({
      project,
      home,
      onEvent: (event) => events.push(event),
      onLine: ({ name, text }) => lines.push(`${name}: ${text}`),
    });
    try {
      expectShape('up', plain(running));
      expect(running).toMatchObject({ project: 'tiny', replicas: [{ state: 'running' }, { state: 'running' }] });
      const [port] = running.ports;
      expect(await (await fetch(`http://${port?.address}:${port?.host}/answer`)).text()).toBe('forty-two');
      expect(lines.toSorted()).toEqual(['back-1: back listens', 'web-1: web listens']);
      expect(events).toContainEqual({ kind: 'service.status', name: 'web-1', state: 'healthy' });
      expect(await tareJson(['ps', '-p', 'tiny'], { home })).toMatchObject({ runs: true, ports: running.ports });
      await expect(upSystem({ project, home })).rejects.toMatchObject({ code: 'E_SYSTEM_STATE' });
    } finally {
      await running.stop();
    }
    expect(await running.stop()).toMatchObject({ stopped: true, replicas: [{ state: 'exited' }, { state: 'exited' }] });
    expect(await tareJson(['ps', '-p', 'tiny'], { home, code: 1 })).toMatchObject({ runs: false });
    expect(leftoversBelow(run)).toEqual([]);
  });

  it('tells when one has ended by itself, or by `tare down`', async () => {
    const program = (code: number): string => `entrypoint: [/usr/bin/node, -e, 'process.exit(${code})'], restart: 'no'`;
    const done = await upSystem({ project: fileOf({ web: program(0), back: program(0) }), home });
    expect(await done.over()).toMatchObject({
      stopped: false,
      replicas: [{ exit: { code: 0 } }, { exit: { code: 0 } }],
    });
    const running = await upSystem({ project: system.file, home });
    await tareJson(['down', '-p', 'tiny'], { home });
    expect(await running.over()).toMatchObject({ stopped: true });
    expect(leftoversBelow(run)).toEqual([]);
  });

  it('leaves nothing of one that does not come up, or is stopped before', async () => {
    const broken = fileOf({ back: `entrypoint: [/no/such/program]` });
    await expect(upSystem({ project: broken, home })).rejects.toMatchObject({ code: 'E_ENTRYPOINT' });

    const project = fileOf({ back: NEVER_HEALTHY });
    const giveUp = new AbortController();
    const follow = (stop: () => void) => (event: TareEvent) => {
      if (event.kind === 'service.status' && event.name === 'back-1' && event.state === 'running') stop();
    };
    await expect(
      upSystem({ project, home, signal: giveUp.signal, onEvent: follow(() => giveUp.abort()) }),
    ).rejects.toMatchObject({ code: 'E_CANCELLED' });

    let down: Promise<unknown> | undefined;
    const onEvent = follow(() => {
      down ??= tareJson(['down', '-p', 'tiny'], { home });
    });
    await expect(upSystem({ project, home, onEvent })).rejects.toMatchObject({
      code: 'E_SYSTEM',
      message: 'tiny was stopped before all its services were ready',
    });
    expect(await down).toMatchObject({ was: 'running' });
    expect(leftoversBelow(run)).toEqual([]);
  });
});
