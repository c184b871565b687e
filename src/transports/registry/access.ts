import type { Environment } from '../../base/http-proxy.ts';
import type { Context } from '../../base/events.ts';
import { openRegistry } from './client.ts';
import { readRegistriesConf } from './conf-files.ts';
import { withAlias } from './registries-conf.ts';
import type { RegistryAccess, RegistryClient } from './types.ts';

/** A client with what flags and environment say; TARE_INSECURE holds hosts, separated by commas. */
export function connectRegistry(
  registry: string,
  tools: { readonly ctx: Context; readonly registry?: RegistryAccess },
  env: Environment = process.env,
): Promise<RegistryClient> {
  const { clients, insecure = [], ...access } = tools.registry ?? {};
  const known = clients?.get(registry);
  if (known !== undefined) return known;
  const named = (env['TARE_INSECURE'] ?? '').split(',').filter((host) => host !== '');
  const made = openRegistry(registry, {
    ctx: tools.ctx,
    env,
    ...tools.ctx.registry,
    ...access,
    insecure: [...(tools.ctx.registry?.insecure ?? []), ...insecure, ...named],
  });
  clients?.set(registry, made);
  return made;
}

/** The name of an image with the registry that registries.conf knows it to be of: `fedora:40` → `registry.fedoraproject.org/fedora:40`. @throws TareError E_TOML */
export async function longName(text: string, env: Environment = process.env): Promise<string> {
  return withAlias(text, (await readRegistriesConf(env)).aliases);
}
