import type { RegistryAccess } from '../transports/registry/types.ts';
import type { Options, OptionSpec } from './spec.ts';

/** How registries are spoken to. */
export const REGISTRY_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--insecure <host>',
    description: 'speak plain HTTP to this registry, or accept any certificate from it',
    repeat: true,
  },
  {
    flags: '--authfile <file>',
    description: 'read and write credentials here',
    defaultText: 'REGISTRY_AUTH_FILE, else where podman and docker keep theirs',
  },
];

export function registryAccess(options: Options): { readonly registry: RegistryAccess } {
  const authFile = options.text('authfile');
  return { registry: { insecure: options.list('insecure'), ...(authFile === undefined ? {} : { authFile }) } };
}
