import { TareError } from '../../base/error.ts';
import { DRIVE_OPTIONS } from '../drive.ts';
import type { CommandInput, CommandSpec } from '../spec.ts';
import { shrinkOptions } from './shrink.ts';

export const command: CommandSpec = {
  name: 'observe',
  arguments: [{ name: '<image>', description: 'a name of the store, or TRANSPORT:…' }],
  summary: 'record what an image uses while it is probed',
  description:
    'Runs the image in a sandbox, drives it, and writes which of its paths its processes asked for. The file is sorted and holds no secrets: keep it beside the application, and `tare shrink --profile` needs to run nothing.',
  options: [
    { flags: '-o, --output <file>', description: 'where the profile is written' },
    { flags: '--platform <os/arch>', description: 'which image of an index', config: 'platform' },
    { flags: '--syscalls', description: 'record the system calls too; slower' },
    ...DRIVE_OPTIONS,
  ],
  examples: [
    ['tare observe app -o app.profile.json --probe http:8080/status', 'one probe'],
    ['tare observe app -o app.profile.json --run "npm test"', 'driven by a test suite'],
  ],
  run: observeCommand,
};

async function observeCommand({ args, cli, options }: CommandInput) {
  const file = options.text('output');
  if (file === undefined) throw new TareError('E_USAGE', 'say where the profile goes: --output FILE');
  const [{ observe }, { summariseProfile, writeProfile }, { profileText }] = await Promise.all([
    import('../../shrink/shrink.ts'),
    import('../../evidence/observed/index.ts'),
    import('../../report/profile.ts'),
  ]);
  const { output: _output, ...settings } = await shrinkOptions(String(args[0]), options, cli);
  const profile = await observe(
    { ...settings, syscalls: options.flag('syscalls') },
    { store: await cli.store(), ctx: cli.ctx },
  );
  await writeProfile(file, profile, cli.ctx.signal);
  const summary = summariseProfile(profile);
  return { json: summary, text: cli.quiet ? () => file : profileText(summary) };
}
