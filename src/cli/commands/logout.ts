import { REGISTRY_OPTIONS, registryAccess } from '../registry-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'logout',
  arguments: [{ name: '[host]', description: 'HOST[:PORT] of the registry; Docker Hub when left out' }],
  summary: 'forget the credentials for a registry',
  description: 'Forgets the credentials that `tare login` (or docker login) keeps for a registry.',
  options: REGISTRY_OPTIONS.filter(({ flags }) => flags.startsWith('--authfile')),
  examples: [['tare logout registry.example.com', '']],
  async run({ args, cli, options }) {
    const { logout } = await import('../../ship/login.ts');
    const result = await logout({
      ctx: cli.ctx,
      env: cli.env,
      ...registryAccess(options),
      ...(args[0] === undefined ? {} : { host: String(args[0]) }),
    });
    const said = result.removed ? 'logged out of' : 'there was no login for';
    const left = result.elsewhere ? '; another tool still keeps credentials for it' : '';
    return { json: result, text: () => `${said} ${result.registry} (${result.file})${left}` };
  },
};
