import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import { why } from '../../src/explain/why.ts';
import { openBuilds } from '../build/dockerfile/builds.ts';
import { needs } from '../helpers/needs.ts';

const DOCKERFILE = `FROM busybox
RUN mkdir /d && echo one > /d/a && echo two > /d/b
RUN echo three > /d/a
RUN rm /d/b
COPY --chmod=644 x /d/x
RUN PGPASSWORD=hunter2 && rm -r /d && mkdir /d && echo new > /d/a
`;

describe.skipIf(!needs('crun', 'busybox'))('why, of an image without a record of reasons', () => {
  it('tells which steps made, changed and deleted a path', async () => {
    const { build, store } = await openBuilds({ x: 'x' });
    const { image } = await build(DOCKERFILE);
    const ask = async (path: string): Promise<readonly unknown[]> => {
      const answer = await why({ image, path, store, ctx: createContext({}) });
      const steps = answer.chain.map(({ because, kind }) => `${kind} ${because}`);
      return [answer.kept, answer.size, ...steps];
    };
    const first = 'layer 1: RUN mkdir /d && echo one > /d/a && echo two > /d/b';
    const last = 'layer 5: RUN PGPASSWORD=*** && rm -r /d && mkdir /d && echo new > /d/a';
    expect(await ask('/d/a')).toEqual([
      true,
      4,
      `made ${first}`,
      'changed layer 2: RUN echo three > /d/a',
      `changed ${last}`,
    ]);
    expect(await ask('/d/b')).toEqual([false, 4, `made ${first}`, 'deleted layer 3: RUN rm /d/b']);
    expect(await ask('/d/x')).toEqual([false, 1, 'made layer 4: COPY --chmod=644 x /d/x', `deleted ${last}`]);
    expect((await ask('/bin')).slice(0, 2)).toEqual([true, 0]);
    await expect(ask('/none')).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
  });
});
