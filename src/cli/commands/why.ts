import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'why',
  arguments: [
    { name: '<image>', description: 'an image that tare made' },
    { name: '<path>', description: 'a path in it' },
  ],
  summary: 'the chain of reasons that keeps a path',
  description:
    'Prints the chain of reasons from the entry point (or a rule, or an include) to a path of the image, or what was saved by leaving it out.',
  options: [],
  examples: [['tare why node-status /lib/x86_64-linux-gnu/libstdc++.so.6', 'who needs the C++ library']],
  async run({ args, cli }) {
    const [{ why }, { openImage }, { whyText }] = await Promise.all([
      import('../../explain/why.ts'),
      import('../../transports/index.ts'),
      import('../../report/why.ts'),
    ]);
    const store = await cli.store();
    const image = await openImage(String(args[0]), { store, ctx: cli.ctx });
    const answer = await why({ image, path: String(args[1]), store, ctx: cli.ctx });
    return { json: answer, text: whyText(answer), exit: answer.kept ? 0 : 1 };
  },
};
