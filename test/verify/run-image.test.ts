import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import type { TareEvent } from '../../src/base/events.ts';
import { runImage } from '../../src/verify/run-image.ts';
import { leftoversBelow } from '../helpers/leftovers.ts';
import { needs } from '../helpers/needs.ts';
import { makeNodeRoot } from '../helpers/rootfs.ts';
import { outputOf, sandboxIn } from '../helpers/sandboxes.ts';
import { imageOfConfig } from '../helpers/test-image.ts';

let root: ReturnType<typeof makeNodeRoot>;
beforeAll(() => {
  root = makeNodeRoot();
});
afterAll(() => root.remove());

describe.skipIf(!needs('crun', 'unshare', 'nsenter', 'ldd'))('runImage', () => {
  const image = imageOfConfig({ Entrypoint: ['/bin/node'], Cmd: ['/app/server.mjs'], Env: ['PORT=9000'] });

  it('runs with the overrides until it ends, and releases the root', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime: 'crun' });
    let released = false;
    let output: ReturnType<typeof outputOf> | undefined;
    const exit = await runImage({
      image,
      rootfs: async () => ({ dir: root.dir, release: async () => void (released = true) }),
      sandbox,
      overrides: { args: ['-e', 'console.log(process.env.PORT); process.exit(5)'], env: ['PORT=1'], stdio: 'pipe' },
      ctx: createContext(),
      onStarted: (running) => {
        output = outputOf(running);
      },
    });
    expect(exit).toEqual({ code: 5 });
    expect(await output).toEqual({ stdout: '1\n', stderr: '' });
    expect(released).toBe(true);
    expect(leftoversBelow(dir)).toEqual([]);
  });

  it('asks the container to stop when the caller does, and tells its ports', async () => {
    const { dir, sandbox } = await sandboxIn({ runtime: 'crun' });
    const controller = new AbortController();
    const events: TareEvent[] = [];
    const exit = await runImage({
      image,
      rootfs: async () => ({ dir: root.dir, release: async () => undefined }),
      sandbox,
      overrides: { network: { kind: 'private', publish: [{ host: 0, container: 9000 }] }, stdio: 'pipe' },
      ctx: createContext({ signal: controller.signal, onEvent: (event) => events.push(event) }),
      onStarted: (running) =>
        void (async () => {
          for await (const { bytes } of running.output)
            if (Buffer.from(bytes).includes('listening')) controller.abort();
        })(),
    });
    expect(exit).toEqual({ code: 42 });
    expect(events).toEqual([{ kind: 'published', container: 9000, address: '127.0.0.1', host: expect.any(Number) }]);
    expect(leftoversBelow(dir)).toEqual([]);
  });
});
