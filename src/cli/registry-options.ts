import type { RegistrySettings } from '../base/events.ts';
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
    description: 'the credentials for registries are here',
    defaultText: 'REGISTRY_AUTH_FILE, else where podman and docker keep theirs',
  },
];

/** The same for commands that do something else: they take images from registries too. */
export const IMAGE_REGISTRY_OPTIONS: readonly OptionSpec[] = REGISTRY_OPTIONS.map((option) => ({
  ...option,
  group: 'Images of registries (docker://):',
}));

/** What the flags say, for the context of every command. */
export function registrySettings(options: Options): RegistrySettings {
  const authFile = options.text('authfile');
  return { insecure: options.list('insecure'), ...(authFile === undefined ? {} : { authFile }) };
}

/** The same as an option of what speaks to one registry. */
export function registryAccess(options: Options): { readonly registry: RegistrySettings } {
  return { registry: registrySettings(options) };
}
