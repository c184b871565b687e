import { renameSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { downstream, gatewayOffered, route, startGateway, stop, type RunningGateway } from '../../helpers/gateway.ts';
import { tempDir } from '../../helpers/temp.ts';

const offered = gatewayOffered();
const OK: RequestListener = (_, response) => void response.end('{"ok":true}');
const BUSY: RequestListener = (_, response) => void response.writeHead(503).end();
const statuses = async (url: string, count: number): Promise<readonly number[]> => {
  const all: number[] = [];
  for (let index = 0; index < count; index++) all.push((await fetch(url)).status);
  return all;
};

describe.skipIf(!offered)('a gateway whose downstreams fail', () => {
  it('answers 503 with its request id while one is away, and recovers by itself', async () => {
    const one = await downstream(OK);
    const { url } = await startGateway(tempDir(), {
      Routes: [route('/a', [one], { QoSOptions: { DurationOfBreak: 100, ExceptionsAllowedBeforeBreaking: 1 } })],
    });
    expect((await fetch(`${url}/a`)).status).toBe(200);
    await stop(one.server);
    for (let round = 0; round < 3; round++) {
      const answer = await fetch(`${url}/a`, { headers: { 'x-request-id': `r${round}` } });
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(await answer.json()).toMatchObject({ status: 503, requestId: `r${round}` });
    }
    await downstream(OK, one.at.Port);
    await expect.poll(() => statuses(`${url}/a`, 1), { timeout: 20_000 }).toEqual([200]);
    expect(await statuses(`${url}/a`, 3)).toEqual([200, 200, 200]);
  });

  it('tries what is idempotent again, elsewhere', async () => {
    const [bad, good] = [await downstream(BUSY), await downstream(OK)];
    const more = {
      UpstreamHttpMethod: ['GET', 'PUT', 'POST'],
      QoSOptions: { Retries: 1, ExceptionsAllowedBeforeBreaking: 100 },
    };
    const { url } = await startGateway(tempDir(), { Routes: [route('/a', [bad, good], more)] });
    expect(await statuses(`${url}/a`, 4)).toEqual([200, 200, 200, 200]);
    expect((await fetch(`${url}/a`, { method: 'PUT', body: 'x' })).status).toBe(200);
    const posted: number[] = [];
    for (let index = 0; index < 2; index++)
      posted.push((await fetch(`${url}/a`, { method: 'POST', body: 'x' })).status);
    expect(posted.toSorted()).toEqual([200, 503]);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/gateway_retries_total\{route="\/a"\} [2-5]/);
  });

  it('leaves one alone that keeps failing, and asks it once when the time is over', async () => {
    let answer = BUSY;
    const one = await downstream((incoming, response) => answer(incoming, response));
    const { url } = await startGateway(tempDir(), {
      Routes: [route('/a', [one], { QoSOptions: { ExceptionsAllowedBeforeBreaking: 2, DurationOfBreak: 1500 } })],
    });
    expect(await statuses(`${url}/a`, 2)).toEqual([503, 503]);
    const refused = await fetch(`${url}/a`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^[12]$/)]);
    expect(one.asked).toHaveLength(2);
    answer = OK;
    await expect.poll(() => statuses(`${url}/a`, 1), { timeout: 20_000 }).toEqual([200]);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
      /gateway_circuit_rejections_total\{route="\/a"\} [1-9]/,
    );
  });

  it('gives up on one that takes too long, and lets it go when the client does', async () => {
    let gone = 0;
    const slow = await downstream((incoming) => incoming.socket.once('close', () => (gone += 1)));
    const { url } = await startGateway(tempDir(), {
      Routes: [route('/late', [slow], { QoSOptions: { TimeoutValue: 100 } }), route('/away', [slow])],
    });
    expect((await fetch(`${url}/late`)).status).toBe(504);
    await expect.poll(() => gone).toBe(1);
    const leaving = new AbortController();
    const asked = fetch(`${url}/away`, { signal: leaving.signal });
    await expect.poll(() => slow.asked.length, { timeout: 10_000 }).toBe(2);
    leaving.abort();
    await expect(asked).rejects.toThrow(/abort/i);
    await expect.poll(() => gone, { timeout: 10_000 }).toBe(2);
  });

  it('takes turns, or the one that has least to do', async () => {
    const held: (() => void)[] = [];
    const [one, two] = [await downstream(OK), await downstream(OK)];
    const busy = await downstream((_, response) => void held.push(() => response.end('{}')));
    const { url } = await startGateway(tempDir(), {
      Routes: [
        route('/turns', [one, two]),
        route('/least', [busy, two], { LoadBalancerOptions: { Type: 'LeastConnection' } }),
        route('/first', [one, two], { LoadBalancerOptions: { Type: 'NoLoadBalancer' } }),
      ],
    });
    await statuses(`${url}/turns`, 6);
    expect([one.asked.length, two.asked.length]).toEqual([3, 3]);
    await statuses(`${url}/first`, 3);
    expect(one.asked).toHaveLength(6);
    const waiting = fetch(`${url}/least`);
    await expect.poll(() => busy.asked.length, { timeout: 10_000 }).toBe(1);
    await statuses(`${url}/least`, 4);
    expect([busy.asked.length, two.asked.length]).toEqual([1, 7]);
    held[0]?.();
    expect((await waiting).status).toBe(200);
  });

  it('ends what it is answering when it is asked to stop', async () => {
    const held: (() => void)[] = [];
    const one = await downstream((_, response) => void held.push(() => response.end('late')));
    const gateway = await startGateway(tempDir(), { Routes: [route('/a', [one])] });
    const asked = fetch(`${gateway.url}/a`);
    await expect.poll(() => held.length, { timeout: 10_000 }).toBe(1);
    gateway.child.kill('SIGTERM');
    await gateway.said('closing');
    await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow('fetch failed');
    held[0]?.();
    expect(await (await asked).text()).toBe('late');
    expect(await gateway.ended()).toBe(0);
  });
});

describe.skipIf(!offered)('a gateway whose configuration changes', () => {
  const paths = async ({ url }: RunningGateway): Promise<readonly number[]> =>
    Promise.all(['/a', '/b'].map(async (path) => (await fetch(url + path)).status));

  it('takes it anew, and keeps the old one when the new one is broken', async () => {
    const one = await downstream(OK);
    const dir = tempDir();
    const gateway = await startGateway(dir, { Routes: [route('/a', [one])] });
    expect(await paths(gateway)).toEqual([200, 404]);
    writeFileSync(gateway.file, JSON.stringify({ Routes: [route('/a', [one]), route('/b', [one])] }));
    await gateway.said('took a new configuration');
    expect(await paths(gateway)).toEqual([200, 200]);
    writeFileSync(gateway.file, '{"Routes": [{"UpstreamPathTemplate": "/c"}]}');
    expect(await gateway.said('the new configuration is refused')).toMatchObject({
      reason: expect.stringContaining("$.Routes[0]: must have required property 'DownstreamPathTemplate'"),
    });
    expect(await paths(gateway)).toEqual([200, 200]);
    // As editors do, and as whoever wants nobody to read half a file.
    writeFileSync(join(dir, 'next'), JSON.stringify({ Routes: [route('/b', [one])] }));
    renameSync(join(dir, 'next'), gateway.file);
    await expect.poll(() => paths(gateway), { timeout: 20_000 }).toEqual([404, 200]);
    writeFileSync(gateway.file, JSON.stringify({ Routes: [] }));
    await expect.poll(() => paths(gateway), { timeout: 20_000 }).toEqual([404, 404]);
  });
});
