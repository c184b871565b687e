import { access } from 'node:fs/promises';
import { TareError } from '../../base/error.ts';
import type { Config } from '../../config/config.ts';
import type { CommandSpec, Options } from '../spec.ts';

export const command: CommandSpec = {
  name: 'verify',
  arguments: [{ name: '<image>', description: 'a name of the store, or TRANSPORT:…' }],
  summary: 'start an image, probe it, compare it with its original',
  description:
    'Starts the image in a sandbox and asks every probe until it passes or the time is over. Without probes the image has to start, and to accept connections on the ports that it exposes. Exit code 1 when a probe fails.',
  options: [
    { flags: '--against <image>', description: 'run this one too, and compare the answers' },
    {
      flags: '--probe <probe>',
      description: 'http:PORT/PATH[=STATUS], tcp:PORT, command:ARGV, log:TEXT',
      repeat: true,
      config: 'probes',
    },
    {
      flags: '--config <file>',
      description: 'take the probes from this tare.yaml',
      defaultText: './tare.yaml, when it is there',
    },
    { flags: '--timeout <seconds>', description: 'how long the probes may take', defaultText: '30', config: 'timeout' },
  ],
  examples: [
    ['tare verify app --probe http:8080/status', 'one probe'],
    ['tare verify app --against docker-archive:old.tar --config app/tare.yaml', 'does it answer as the original does?'],
  ],
  async run({ args, cli, options }) {
    const [{ verify }, { openImage }, { verifyText }, { parseProbe }] = await Promise.all([
      import('../../verify/with-sandbox.ts'),
      import('../../transports/index.ts'),
      import('../../report/verify.ts'),
      import('../../sandbox/probes/parse.ts'),
    ]);
    const told = options.list('probe').map((text) => parseProbe(text));
    const config = await configOf(options, told.length > 0);
    const store = await cli.store();
    const image = await openImage(String(args[0]), { store, ctx: cli.ctx });
    const against = options.text('against');
    const seconds = options.number('timeout');
    if (seconds === 0) throw new TareError('E_USAGE', '--timeout 0 leaves no time to start');
    const timeoutMs = seconds === undefined ? config.timeoutMs : seconds * 1000;
    const result = await verify({
      image,
      ...(against === undefined ? {} : { against: await openImage(against, { store, ctx: cli.ctx }) }),
      probes: told.length > 0 ? told : (config.probes ?? []),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      store,
      ctx: cli.ctx,
    });
    return { json: result, text: verifyText(image.reference, result), exit: result.ok ? 0 : 1 };
  },
};

async function configOf(options: Options, haveProbes: boolean): Promise<Config> {
  const { CONFIG_FILE, readConfigFile } = await import('../../config/config.ts');
  const file = options.text('config');
  if (file !== undefined) return readConfigFile(file);
  if (haveProbes) return {};
  const there = await access(CONFIG_FILE).then(
    () => true,
    () => false,
  );
  return there ? readConfigFile(CONFIG_FILE) : {};
}
