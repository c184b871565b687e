import { access } from 'node:fs/promises';
import { TareError } from '../../base/error.ts';
import type { Config } from '../../config/config.ts';
import type { Probe } from '../../sandbox/types.ts';
import {
  COMPARE_OPTION,
  IMAGE_ARGUMENT,
  OPENAPI_OPTION,
  PROBE_FILE_OPTION,
  probeOption,
  TIMEOUT_OPTION,
} from '../shared-options.ts';
import { ofSystem, refuseWithoutFile, SHRUNK_OPTION, SYSTEM_OPTIONS, timeoutOf } from '../compose-options.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandSpec, Options } from '../spec.ts';

export const command: CommandSpec = {
  name: 'verify',
  arguments: [{ ...IMAGE_ARGUMENT, name: '[image]' }],
  summary: 'start an image, probe it, compare it with its original',
  description:
    'Starts the image in a sandbox and asks every probe until it passes or the time is over. Without probes the image has to start, and to accept connections on the ports that it exposes; with --against the original is crawled from / then, and everything that it answers is asked. With --file all services of a Compose file are run together, in networks of their own, and asked what its `x-tare` says; with --shrunk the small images are compared with those of the file. Exit code 1 when a probe fails.',
  options: [
    {
      flags: '--against <image>',
      description: 'the original, with --file another Compose file: run it too, and compare the answers',
    },
    { ...COMPARE_OPTION, description: "with --against: how answers are compared with the original's" },
    probeOption('ask this', 'the exposed ports accept connections; with --against they are crawled from /'),
    PROBE_FILE_OPTION,
    OPENAPI_OPTION,
    {
      flags: '--config <file>',
      description: 'take the probes and the time-out from this tare.yaml',
      defaultText: './tare.yaml, when it is there',
    },
    TIMEOUT_OPTION,
    ...SYSTEM_OPTIONS,
    ofSystem(SHRUNK_OPTION),
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare verify app --probe http:8080/status', 'does it answer?'],
    ['tare verify app:1.0-shrunk --against app:1.0', 'do all pages come as from the original?'],
    ['tare verify -f compose.yaml --shrunk', 'does the whole system answer as before?'],
    ['tare verify app --against docker-archive:old.tar --config app/tare.yaml', 'does it answer as the original does?'],
  ],
  async run(input) {
    const { args, cli, options } = input;
    if (options.list('file').length > 0) return (await import('../system/verify.ts')).verifySystemCommand(input);
    if (args[0] === undefined)
      throw new TareError('E_USAGE', 'neither an image nor --file says what is to be verified');
    refuseWithoutFile(options, ['shrunk']);
    const [{ verify }, { exposedPorts }, { openImage }, { verifyText }, { parseProbe }] = await Promise.all([
      import('../../verify/with-sandbox.ts'),
      import('../../verify/run-spec.ts'),
      import('../../transports/index.ts'),
      import('../../report/verify.ts'),
      import('../../sandbox/probes/parse.ts'),
    ]);
    const written = options.list('probe').map((text) => parseProbe(text));
    const haveFiles = options.list('probeFile').length > 0 || options.list('openapi').length > 0;
    const config = await configOf(options, written.length > 0 || haveFiles);
    const store = await cli.store();
    const image = await openImage(String(args[0]), { store, ctx: cli.ctx });
    const told = [...written, ...(haveFiles ? await probesOfFiles(options, exposedPorts(image)[0]) : [])];
    const against = options.text('against');
    const timeoutMs = timeoutOf(options) ?? config.timeoutMs;
    const { COMPARE_MODES } = await import('../../verify/compare.ts');
    const compare = COMPARE_MODES.find((mode) => mode === options.text('compare'));
    const result = await verify({
      image,
      ...(against === undefined ? {} : { against: await openImage(against, { store, ctx: cli.ctx }) }),
      probes: told.length > 0 ? told : (config.probes ?? []),
      ...(compare === undefined ? {} : { compare }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      store,
      ctx: cli.ctx,
    });
    return { json: result, text: verifyText(image.reference, result), exit: result.ok ? 0 : 1 };
  },
};

async function probesOfFiles(options: Options, port: number | undefined): Promise<readonly Probe[]> {
  const { readOpenapi, readProbeFile } = await import('../../sandbox/probes/files.ts');
  const lists = [
    ...options.list('probeFile').map((file) => readProbeFile(file)),
    ...options.list('openapi').map((file) => readOpenapi(file, { port })),
  ];
  return (await Promise.all(lists)).flat();
}

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
