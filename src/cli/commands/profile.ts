import { TareError } from '../../base/error.ts';
import { plural } from '../../report/format.ts';
import type { CommandInput, CommandResult, CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'profile',
  arguments: [
    { name: '<action>', description: 'show: what a profile holds; merge: make one of several' },
    { name: '<file...>', description: 'profiles that tare observe or tare shrink --profile-out wrote' },
  ],
  summary: 'show and merge recordings of what images use',
  description:
    'A profile says which of its files an image asked for while it ran. Profiles of two architectures, or of several ways to start an image (server, migration, worker), can be merged into one.',
  options: [
    {
      flags: '-o, --output <file>',
      description: 'where merge writes to; an old file is replaced as a whole',
      defaultText: 'stdout',
      variable: null,
    },
  ],
  examples: [
    ['tare profile show app.profile.json', 'its phases, folders, programs, ports'],
    ['tare profile merge start.json migrate.json -o app.profile.json', 'one profile for both ways to start'],
  ],
  async run(input) {
    const action = String(input.args[0]);
    const files = input.args[1] as readonly string[];
    if (action === 'show') return show(files);
    if (action === 'merge') return merge(files, input);
    throw new TareError('E_USAGE', `${JSON.stringify(action)} is nothing to do with a profile`, {
      hint: 'write `tare profile show FILE` or `tare profile merge A B… -o FILE`',
    });
  },
};

async function show(files: readonly string[]): Promise<CommandResult> {
  const [file = '', ...others] = files;
  if (others.length > 0) {
    throw new TareError('E_USAGE', `one profile is shown at a time, not ${files.length}`, {
      hint: 'join them first: `tare profile merge A B… -o FILE`',
    });
  }
  const [{ readProfile, summariseProfile }, { profileText }] = await Promise.all([
    import('../../evidence/observed/index.ts'),
    import('../../report/profile.ts'),
  ]);
  const summary = summariseProfile(await readProfile(file));
  return { json: summary, text: profileText(summary) };
}

async function merge(files: readonly string[], { cli, options }: CommandInput): Promise<CommandResult> {
  const [{ encodeProfile, mergeProfiles, readProfile, writeProfile }, { bytesOf }] = await Promise.all([
    import('../../evidence/observed/index.ts'),
    import('../../base/streams.ts'),
  ]);
  const [first = '', ...others] = files;
  let merged = mergeProfiles(await readProfile(first));
  for (const other of others) merged = mergeProfiles(merged, await readProfile(other));
  const file = options.text('output');
  if (file === undefined) return { json: null, text: () => '', raw: bytesOf(encodeProfile(merged)) };
  await writeProfile(file, merged, cli.ctx.signal);
  const answer = {
    file,
    profiles: files.length,
    platforms: merged.platforms,
    paths: merged.paths.length,
    ports: merged.ports,
    syscalls: merged.syscalls?.length ?? null,
  };
  const told = `${file}: ${plural(answer.paths, 'path')} of ${plural(files.length, 'profile')}`;
  return { json: answer, text: () => (cli.quiet ? '' : told) };
}
