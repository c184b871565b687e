import { TareError } from '../../base/error.ts';
import { collectBytes } from '../../base/streams.ts';
import { REGISTRY_OPTIONS, registryAccess } from '../registry-options.ts';
import type { CommandSpec } from '../spec.ts';

/** Tokens have some kilobytes. */
const MAX_PASSWORD_BYTES = 64 * 1024; // 64 KiB

export const command: CommandSpec = {
  name: 'login',
  arguments: [{ name: '[host]', description: 'HOST[:PORT] of the registry; Docker Hub when left out' }],
  summary: 'keep credentials for a registry',
  description:
    "Shows a name and a password to a registry, and keeps them when it accepts them: with the credential helper of docker's config.json where that names one, else in the file itself, where other tools find them too.",
  options: [
    { flags: '-u, --username <name>', description: 'of the account' },
    {
      flags: '--password-stdin',
      description: 'read the password, or token, from stdin; there is no other way',
      variable: null,
    },
    ...REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare login registry.example.com -u me --password-stdin', 'the password comes on stdin, never as an argument'],
  ],
  async run({ args, cli, options }) {
    const username = options.text('username');
    if (username === undefined || !options.flag('passwordStdin'))
      throw new TareError('E_USAGE', 'a login needs a user name, and the password on stdin', {
        hint: 'tare login HOST -u NAME --password-stdin < FILE',
      });
    const { login } = await import('../../ship/login.ts');
    const told = await collectBytes(process.stdin, MAX_PASSWORD_BYTES, 'the password on stdin');
    const result = await login({
      username,
      password: told.toString('utf8').replace(/\r?\n$/, ''),
      ctx: cli.ctx,
      env: cli.env,
      ...registryAccess(options),
      ...(args[0] === undefined ? {} : { host: String(args[0]) }),
    });
    const keeper = result.helper === null ? result.file : `docker-credential-${result.helper}`;
    return { json: result, text: () => `logged in to ${result.registry} as ${result.username}, kept in ${keeper}` };
  },
};
