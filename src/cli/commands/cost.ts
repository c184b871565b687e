import { TareError } from '../../base/error.ts';
import type { CostInput } from '../../ship/retention/cost.ts';
import { REGISTRY_OPTIONS } from '../registry-options.ts';
import { PRICE_OPTION } from '../retention-options.ts';
import type { CommandInput, CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'cost',
  arguments: [
    {
      name: '<repository...>',
      description:
        'docker://HOST/REPOSITORY or docker://HOST; a name of the store without its tag; the folder of `tare registry serve`, with a slash in it',
    },
  ],
  summary: 'what repositories keep, what a pull moves, what both cost',
  description:
    'Counts the bytes of a repository, each blob once, and what a pull of its newest image moves: for a client that has nothing, and for one that has the version before and so shares layers. With prices, the money of a month. Where the image is there as `tare shrink` names it (TAG-shrunk), also what that one saves.',
  options: [
    { ...PRICE_OPTION },
    { flags: '--pulls <count>', description: 'how often each repository is pulled in a month' },
    { flags: '--pull-price <money>', description: 'what a gigabyte costs that is pulled: 0.09/GB' },
    {
      flags: '--shrunk <image>',
      description: 'the shrunk image, where it has another name; any transport',
      variable: null,
    },
    ...REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare cost docker://registry.example.com/team/app --price 0.10/GB-month', 'of a registry'],
    [
      'tare cost app --pulls 5000 --pull-price 0.09/GB',
      'of the store: what pulls would cost, and what shrinking saves',
    ],
  ],
  async run(input) {
    const { args, cli, options } = input;
    const [{ costOf }, { costInput }, { parsePrice }, { costText }] = await Promise.all([
      import('../../ship/retention/cost.ts'),
      import('../../ship/retention/places/index.ts'),
      import('../../ship/retention/storage.ts'),
      import('../../report/cost.ts'),
    ]);
    const [price, pullPrice, pulls] = [options.text('price'), options.text('pullPrice'), options.number('pulls')];
    if (pullPrice !== undefined && pulls === undefined)
      throw new TareError('E_USAGE', '--pull-price needs --pulls: how many there are in a month');
    const prices = {
      ...(price === undefined ? {} : { price: parsePrice(price, '--price') }),
      ...(pullPrice === undefined ? {} : { pullPrice: parsePrice(pullPrice, '--pull-price') }),
    };
    if (
      prices.price !== undefined &&
      prices.pullPrice !== undefined &&
      prices.price.currency !== prices.pullPrice.currency
    )
      throw new TareError('E_USAGE', '--price and --pull-price are in two currencies');
    const tools = { ctx: cli.ctx, env: cli.env, store: await cli.store() };
    const inputs: CostInput[] = [];
    for (const text of args[0] as readonly string[]) inputs.push(await costInput(text, tools));
    if (options.text('shrunk') !== undefined && inputs.length > 1)
      throw new TareError('E_USAGE', '--shrunk is of one repository');
    const shrunk = await shrunkOf(input);
    const result = await costOf({
      inputs,
      ...prices,
      ...(pulls === undefined ? {} : { pulls }),
      ...(shrunk === undefined ? {} : { shrunk }),
      signal: cli.ctx.signal,
    });
    const isWhole = result.repositories.every(({ problem }) => problem === undefined);
    return { json: result, text: costText(result), ...(isWhole ? {} : { exit: 1 }) };
  },
};

async function shrunkOf({
  cli,
  options,
}: CommandInput): Promise<{ readonly reference: string; readonly bytes: number } | undefined> {
  const name = options.text('shrunk');
  if (name === undefined) return undefined;
  const { openImage } = await import('../../transports/index.ts');
  const image = await openImage(name, { store: await cli.store(), ctx: cli.ctx });
  const { config, layers } = image.manifest;
  const blobs = new Map([image.descriptor, config, ...layers].map(({ digest, size }) => [digest, size]));
  return { reference: image.reference, bytes: [...blobs.values()].reduce((total, size) => total + size, 0) };
}
