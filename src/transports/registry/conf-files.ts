import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fromErrno } from '../../base/error.ts';
import type { Environment } from '../../base/http-proxy.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { mergedConf, parseRegistriesConf, type RegistriesConf } from './registries-conf.ts';

const MAX_CONF_BYTES = 1024 * 1024; // 1 MiB
const SYSTEM_CONF = '/etc/containers/registries.conf';

/**
 * The settings of this machine, later ones counting more: CONTAINERS_REGISTRIES_CONF, else the user's registries.conf, else the system's; then the files of
 * registries.conf.d, the system's (not beside a file of the user) and the user's (containers/image pkg/sysregistriesv2, `newConfigWrapper`);
 * at last the aliases that podman has noted for the user (shortnames.go).
 * @throws TareError E_TOML, E_LIMIT, E_PERMISSION
 */
export async function readRegistriesConf(env: Environment): Promise<RegistriesConf> {
  const config = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? '/', '.config');
  const own = join(config, 'containers', 'registries.conf');
  const given = env['CONTAINERS_REGISTRIES_CONF'] ?? '';
  const ownText = given === '' ? await textIfThere(own) : undefined;
  const file = given !== '' ? given : ownText === undefined ? SYSTEM_CONF : own;
  const folders = [...(ownText === undefined ? [`${SYSTEM_CONF}.d`] : []), `${own}.d`];
  const files = [file, ...(await Promise.all(folders.map(confFiles))).flat(), notedAliases(env)];
  const texts = await Promise.all(files.map(textIfThere));
  return mergedConf(
    files.flatMap((name, index) => {
      const text = texts[index];
      return text === undefined ? [] : parseRegistriesConf(text, name);
    }),
  );
}

function notedAliases(env: Environment): string {
  const cache = env['XDG_CACHE_HOME'] || join(env['HOME'] ?? '/', '.cache');
  return join(cache, 'containers', 'short-name-aliases.conf');
}

async function confFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith('.conf'))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return [];
    throw fromErrno(error, `cannot read ${folder}`);
  }
}

async function textIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readSmallFile(file, MAX_CONF_BYTES)).toString('utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return undefined;
    throw fromErrno(error, `cannot read ${file}`);
  }
}
