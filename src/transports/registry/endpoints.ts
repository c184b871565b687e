import { isIP } from 'node:net';
import { TareError } from '../../base/error.ts';
import { relocated, ruleFor, type RegistryRule } from './registries-conf.ts';

/** Where a repository is to be asked for. */
export interface Endpoint {
  /** host[:port], after rewriting. */
  readonly host: string;
  readonly repository: string;
  /** Plain HTTP and certificates that nobody vouches for are accepted. */
  readonly insecure: boolean;
}

const HUB_API = 'registry-1.docker.io';

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
