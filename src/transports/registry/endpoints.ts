import { isIP } from 'node:net';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import type { Environment } from '../../base/http-proxy.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { parseRegistriesConf, relocated, ruleFor, type RegistryRule } from './registries-conf.ts';

/** Where a repository is to be asked for. */
export interface Endpoint {
  /** host[:port], after rewriting. */
  readonly host: string;
  readonly repository: string;
  /** Plain HTTP and certificates that nobody vouches for are accepted. */
  readonly insecure: boolean;
}

const MAX_CONF_BYTES = 1024 * 1024; // 1 MiB
const SYSTEM_CONF = '/etc/containers/registries.conf';
const HUB_API = 'registry-1.docker.io';

/**
 * The rules of this machine, later ones counting more: CONTAINERS_REGISTRIES_CONF, else the user's registries.conf, else the system's; then the files of
 * registries.conf.d, the system's (not beside a file of the user) and the user's (containers/image pkg/sysregistriesv2, `newConfigWrapper`).
 * @throws TareError E_TOML, E_LIMIT, E_PERMISSION
 */
export async function registryRules(env: Environment): Promise<readonly RegistryRule[]> {
  const config = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? '/', '.config');
  const own = join(config, 'containers', 'registries.conf');
  const given = env['CONTAINERS_REGISTRIES_CONF'] ?? '';
  const ownText = given === '' ? await textIfThere(own) : undefined;
  const file = given !== '' ? given : ownText === undefined ? SYSTEM_CONF : own;
  const folders = [...(ownText === undefined ? [`${SYSTEM_CONF}.d`] : []), `${own}.d`];
  const files = [file, ...(await Promise.all(folders.map(confFiles))).flat()];
  const texts = await Promise.all(files.map(textIfThere));
  return files.flatMap((name, index) => {
    const text = texts[index];
    return text === undefined ? [] : parseRegistriesConf(text, name);
  });
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

/**
 * Where to ask for a repository, in order: for a pull the mirrors and then the registry itself, else the registry alone.
 * @param wish what is pulled; undefined for everything that changes something
 * @throws TareError E_REGISTRY when the registry is blocked
 */
export function endpointsFor(
  registry: string,
  repository: string,
  options: {
    readonly rules: readonly RegistryRule[];
    readonly insecure: readonly string[];
    readonly wish: 'tag' | 'digest' | undefined;
  },
): readonly Endpoint[] {
  const name = repository === '' ? registry : `${registry}/${repository}`;
  const rule = ruleFor(options.rules, name);
  const endpoint = (at: string, insecure: boolean): Endpoint => {
    const slash = at.indexOf('/');
    const host = slash === -1 ? at : at.slice(0, slash);
    const known =
      insecure || options.insecure.includes(host) || (host === registry && options.insecure.includes(registry));
    return {
      host: host === 'docker.io' || host === 'index.docker.io' ? HUB_API : host,
      repository: slash === -1 ? '' : at.slice(slash + 1),
      insecure: known,
    };
  };
  if (rule === undefined) return [endpoint(name, false)];
  if (rule.blocked)
    throw new TareError('E_REGISTRY', `${rule.prefix} is blocked on this machine`, {
      hint: 'registries.conf says so: `blocked = true`',
    });
  const mirrors = rule.mirrors.filter(
    ({ pullFrom }) => options.wish !== undefined && (pullFrom === 'all' || pullFrom === `${options.wish}-only`),
  );
  return [
    ...mirrors.map((mirror) => endpoint(relocated(name, rule.prefix, mirror.location), mirror.insecure)),
    endpoint(relocated(name, rule.prefix, rule.location), rule.insecure),
  ];
}

/** This machine itself: what is said to it nobody else hears, so plain HTTP will do. */
export function isLoopback(host: string): boolean {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    (isIP(name) === 4 && name.startsWith('127.'))
  );
}
