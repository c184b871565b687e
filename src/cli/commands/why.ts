import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'why',
  arguments: [
    { name: '<image>', description: 'an image; one that tare made knows its reasons, any other its layers' },
    { name: '<path>', description: 'a path in it' },
  ],
  summary: 'the chain of reasons that keeps a path',
  description:
    'Prints the chain of reasons from the entry point (or a rule, or an include) to a path of the image, or what was saved by leaving it out. Of an image without a record of reasons (built from a Dockerfile, or by somebody else) it tells which step made the path, changed it or deleted it.',
  options: [],
  examples: [
    ['tare why node-status /lib/x86_64-linux-gnu/libstdc++.so.6', 'who needs the C++ library'],
    ['tare why app:1.0-full /usr/bin/gcc', 'which step of the Dockerfile brought it'],
  ],
  async run({ args, cli }) {
    const [{ why }, { openImage }, { whyText }] = await Promise.all([
      import('../../explain/why.ts'),
      import('../../transports/index.ts'),
      import('../../report/why.ts'),
    ]);
    const store = await cli.store();
    const [reference, path] = inOrder(String(args[0]), String(args[1]));
    const image = await openImage(reference, { store, ctx: cli.ctx });
    const answer = await why({ image, path, store, ctx: cli.ctx });
    return { json: answer, text: whyText(answer), exit: answer.kept ? 0 : 1 };
  },
};

/** A path is no name of an image: the other way round is understood as well. */
const inOrder = (first: string, second: string): readonly [reference: string, path: string] =>
  first.startsWith('/') && !second.startsWith('/') ? [second, first] : [first, second];
