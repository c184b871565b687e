import { TareError } from '../../base/error.ts';
import { DRIVE_OPTIONS } from '../drive.ts';
import { IMAGE_ARGUMENT, PLATFORM_OPTION } from '../shared-options.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import type { CommandInput, CommandSpec } from '../spec.ts';
import { refuseUnwritable } from '../writable.ts';
import { shrinkOptions } from '../shrink-options.ts';

export const command: CommandSpec = {
  name: 'observe',
  arguments: [IMAGE_ARGUMENT],
  summary: 'record what an image uses while it is probed',
  description:
    'Runs the image in a sandbox, drives it with probes, and writes down which of its files its processes asked for: a profile. It is sorted and holds no secrets; keep it beside the application, and `tare shrink --profile FILE` needs to run nothing.',
  options: [
    {
      flags: '-o, --output <file>',
      description: 'where the profile is written; must be given',
      variable: 'TARE_OBSERVE_OUTPUT',
    },
    { ...PLATFORM_OPTION, config: 'platform' },
    { flags: '--syscalls', description: 'record the system calls too, which takes longer' },
    ...DRIVE_OPTIONS,
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare observe app -o app.profile.json --probe http:8080/status', 'driven by one probe'],
    ['tare observe app -o app.profile.json --run "npm test"', 'driven by a test suite'],
  ],
  run: observeCommand,
};

async function observeCommand({ args, cli, options }: CommandInput) {
  const file = options.text('output');
  if (file === undefined) throw new TareError('E_USAGE', 'say where the profile goes: --output FILE');
  await refuseUnwritable([file]);
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
