import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createContext } from '../../../src/base/context.ts';
import type { TareEvent } from '../../../src/base/events.ts';
import { openStepCache } from '../../../src/solve/cache.ts';
import { createLocalExecutor } from '../../../src/solve/local/executor.ts';
import type { BuildGraph, Vertex } from '../../../src/solve/types.ts';
import { openStore } from '../../../src/store/index.ts';
import { tempDir } from '../../helpers/temp.ts';

const never = (): never => {
  throw new Error('nobody asks for it');
};

describe('a build that adds a file of the network', () => {
  it('does the step again when the file has changed, and only then', async () => {
    let text = 'one';
    const server = createServer((_, response) => response.end(text)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    const url = `http://me:hidden@127.0.0.1:${(server.address() as AddressInfo).port}/dir/file.txt`;
    const from: Vertex = { op: 'source', name: url, source: { kind: 'http', url, filename: 'file.txt' } };
    const action = {
      kind: 'copy',
      from,
      sources: ['/file.txt'],
      destination: '/in/',
      parents: false,
      exclude: [],
      unpack: true,
    } as const;
    const platform = { os: 'linux', architecture: 'amd64' };
    const graph: BuildGraph = {
      target: { op: 'file', name: 'ADD', root: { op: 'scratch' }, actions: [action] },
      config: { ...platform, config: {}, history: [{ created_by: 'ADD' }] },
      platform,
    };
    const store = await openStore({ home: tempDir() });
    const executor = createLocalExecutor({
      store,
      cache: openStepCache(store.home),
      contextOf: never,
      imageOf: never,
      compression: 'gzip:1',
      remote: { env: {} },
      openExec: never,
    });
    const build = async (): Promise<readonly [string, string]> => {
      const events: TareEvent[] = [];
      const image = await executor.solve(graph, createContext({ onEvent: (event) => events.push(event) }));
      expect(JSON.stringify(events)).not.toContain('hidden');
      const done = events.flatMap((event) => (event.kind === 'vertex.done' ? [event.cached] : []));
      return [image.descriptor.digest, done.join()];
    };
    const [first, how] = await build();
    expect(how).toBe('false,false');
    expect(await build()).toEqual([first, 'false,true']);
    text = 'two';
    const [second, again] = await build();
    expect(again).toBe('false,false');
    expect(second).not.toBe(first);
    server.close();
    server.closeAllConnections();
    await expect(build()).rejects.toMatchObject({ code: 'E_FETCH' });
  });
});
