import type { Image } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import { TareError } from '../../base/error.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CliContext, CommandInput, CommandResult, CommandSpec } from '../spec.ts';

const SHOWN = 10;

export const command: CommandSpec = {
  name: 'why',
  arguments: [
    { name: '<image>', description: 'an image; one that tare made knows its reasons, any other its layers' },
    { name: '[path]', description: 'a path in it' },
  ],
  summary: 'the chain of reasons that keeps a path',
  description:
    'Prints the chain of reasons from the entry point (or a rule, or an include) to a path of the image, or what was saved by leaving it out. Of an image without a record of reasons (built from a Dockerfile, or by somebody else) it tells which step made the path, changed it or deleted it. ' +
    'Instead of a path, --most-expensive and --tree ask about all of the image: files of one package are taken together, and what nothing else needs counts with what brings it along.',
  options: [
    {
      flags: '--original <image>',
      description: 'the image that it was shrunk from: what that has of a path which was left out',
    },
    {
      flags: '--most-expensive',
      description: 'what would save the most bytes if nothing needed it any more',
    },
    {
      flags: '--limit <count>',
      description: 'with --most-expensive: show no more than so many; 0: all',
      variable: null,
      defaultText: `${SHOWN}`,
    },
    {
      flags: '--tree <package>',
      description: 'everything that a package, or a file of no package, is kept for',
      variable: null,
    },
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare why node-status /lib/x86_64-linux-gnu/libstdc++.so.6', 'who needs the C++ library'],
    ['tare why app:1.0-full /usr/bin/gcc', 'which step of the Dockerfile brought it'],
    ['tare why app --most-expensive', 'where a change of the application would save most'],
    ['tare why app --tree libldap-2.5-0', 'who brings it along, and who brings those'],
  ],
  async run({ args, cli, options }) {
    const { openImage } = await import('../../transports/index.ts');
    const store = await cli.store();
    const open = (reference: string): Promise<Image> => openImage(reference, { store, ctx: cli.ctx });
    const asked = questionOf(args, options);
    const image = await open(asked.reference);
    if (asked.kind === 'most-expensive')
      return expensive({ image, store, cli, limit: options.number('limit') ?? SHOWN });
    if (asked.kind === 'tree') return tree({ image, store, cli, name: asked.name });
    const [{ why }, { whyText }] = await Promise.all([import('../../explain/why.ts'), import('../../report/why.ts')]);
    const other = options.text('original');
    const original = other === undefined ? {} : { original: await open(other) };
    const answer = await why({ image, ...original, path: asked.path, store, ctx: cli.ctx });
    return { json: answer, text: whyText(answer), exit: answer.kept ? 0 : 1 };
  },
};

type Question = { readonly reference: string } & (
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'tree'; readonly name: string }
  | { readonly kind: 'most-expensive' }
);

/** @throws TareError E_USAGE unless exactly one thing is asked */
function questionOf(args: CommandInput['args'], options: CommandInput['options']): Question {
  const [first, second] = [String(args[0]), args[1] === undefined ? undefined : String(args[1])];
  const name = options.text('tree');
  const isExpensive = options.flag('mostExpensive');
  const questions = [second, name, isExpensive ? true : undefined].filter((item) => item !== undefined);
  if (questions.length !== 1)
    throw new TareError(
      'E_USAGE',
      `why takes one of a path, --most-expensive and --tree, not ${questions.length || 'none'}`,
      {
        hint: `ask for a path, e.g. \`tare why ${first} /etc/passwd\`, or for all: \`tare why ${first} --most-expensive\``,
      },
    );
  for (const [flag, fits] of [
    ['original', second !== undefined],
    ['limit', isExpensive],
  ] as const)
    if (options.isTyped(flag) && !fits)
      throw new TareError('E_USAGE', `--${flag} means nothing here`, {
        hint: flag === 'limit' ? 'it goes with --most-expensive' : 'it goes with a path that was left out',
      });
  if (isExpensive) return { kind: 'most-expensive', reference: first };
  if (name !== undefined) return { kind: 'tree', reference: first, name };
  // A path is no name of an image: the other way round is understood as well.
  const path = second ?? '';
  const isTurned = first.startsWith('/') && !path.startsWith('/');
  return { kind: 'path', ...(isTurned ? { reference: path, path: first } : { reference: first, path }) };
}

interface AboutAll {
  readonly image: Image;
  readonly store: Store;
  readonly cli: CliContext;
}

async function expensive({ image, store, cli, limit }: AboutAll & { readonly limit: number }): Promise<CommandResult> {
  const [{ mostExpensive }, { mostExpensiveText }] = await Promise.all([
    import('../../explain/most-expensive.ts'),
    import('../../report/most-expensive.ts'),
  ]);
  const answer = await mostExpensive({ image, store, ctx: cli.ctx });
  return { json: answer, text: mostExpensiveText(answer, limit) };
}

async function tree({ image, store, cli, name }: AboutAll & { readonly name: string }): Promise<CommandResult> {
  const [{ keptFor }, { keptForText }] = await Promise.all([
    import('../../explain/kept-for.ts'),
    import('../../report/kept-for.ts'),
  ]);
  const answer = await keptFor({ image, name, store, ctx: cli.ctx });
  return { json: answer, text: keptForText(answer) };
}
