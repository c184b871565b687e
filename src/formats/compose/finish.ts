import { posix } from 'node:path';
import { suggestion } from '../../base/suggestion.ts';
import type { Draft, Grant } from './draft.ts';
import { composeError, lineText } from './node.ts';
import type { Surroundings } from './paths.ts';
import type { Problems } from './problems.ts';
import type { ProjectDraft } from './project.ts';
import { isInSubnet, type FileDefinition } from './resources.ts';
import { DEFAULT_NETWORK } from './service-networks.ts';
import type { Dependency, FileSource, Service, ServiceBuild, ServiceMount, ServiceNetwork } from './types.ts';

export interface Findings {
  readonly project: ProjectDraft;
  readonly around: Surroundings;
  /** Of the `env_file`s of a service, merged. */
  readonly fileVariables: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly chosen: ReadonlySet<string>;
  readonly problems: Problems;
}

/** The services that take part, with nothing left open; in byte order of their names. */
export function finishServices(findings: Findings): readonly Service[] {
  const { chosen, project } = findings;
  const drafts = [...project.services].filter(([name]) => chosen.has(name)).map(([, draft]) => draft);
  const aliases = linkAliases(drafts);
  return drafts
    .map((draft) => finished(draft, aliases.get(draft.service.name) ?? [], findings))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function finished(draft: Draft, aliases: readonly ServiceNetwork[], findings: Findings): Service {
  const { chosen, problems } = findings;
  checkMentions(draft, findings);
  const service = draft.service;
  const { build } = draft;
  const linked: Dependency[] = draft.links
    .filter((link) => service.dependsOn.every((known) => known.service !== link.service))
    .map((link) => ({ service: link.service, condition: 'service_started', required: true, restart: true }));
  const secrets = draft.buildSecrets.flatMap(({ id, name, spot }) => {
    const source = problems.attempt(() => sourceOf(name, 'secret', spot, findings));
    return source === undefined ? [] : [{ id, source }];
  });
  const whole: ServiceBuild | undefined = build === undefined ? undefined : { ...build, secrets };
  return {
    ...service,
    ...(whole === undefined ? {} : { build: whole }),
    environment: environmentOf(draft, findings),
    networks: service.networks.map((network) => withAliases(network, aliases)),
    dependsOn: [...service.dependsOn, ...unique(linked)]
      .filter((needed) => chosen.has(needed.service))
      .sort((a, b) => (a.service < b.service ? -1 : 1)),
    mounts: mountsOf(draft, findings),
  };
}

const unique = (list: readonly Dependency[]): readonly Dependency[] => [
  ...new Map(list.map((one) => [one.service, one])).values(),
];

function withAliases(network: ServiceNetwork, more: readonly ServiceNetwork[]): ServiceNetwork {
  const added = more.filter(({ name }) => name === network.name).flatMap(({ aliases }) => aliases);
  return { ...network, aliases: [...new Set([...network.aliases, ...added])].sort() };
}

/** `links: [db:database]` makes `database` an alias of db where both are. */
function linkAliases(drafts: readonly Draft[]): ReadonlyMap<string, readonly ServiceNetwork[]> {
  const found = new Map<string, ServiceNetwork[]>();
  for (const draft of drafts) {
    for (const { service, alias } of draft.links) {
      if (alias === service) continue;
      const list = found.get(service) ?? [];
      list.push(...draft.service.networks.map(({ name }) => ({ name, aliases: [alias] })));
      found.set(service, list);
    }
  }
  return found;
}

/** `environment` counts before the files; a name without a value takes that of the environment, and is not there without one. */
function environmentOf(draft: Draft, { around: { env }, fileVariables }: Findings): Readonly<Record<string, string>> {
  const found = new Map(Object.entries(fileVariables.get(draft.service.name) ?? {}));
  for (const [name, value] of draft.environment) {
    const own = value ?? (Object.hasOwn(env, name) ? env[name] : undefined);
    if (own === undefined) found.delete(name);
    else found.set(name, own);
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function mountsOf(draft: Draft, findings: Findings): readonly ServiceMount[] {
  const { problems } = findings;
  const files = draft.grants.flatMap((grant) => problems.attempt(() => [fileMount(grant, findings)]) ?? []);
  const mounts = [...draft.service.mounts, ...files].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const [index, mount] of mounts.entries()) {
    const before = mounts[index - 1];
    if (before === undefined || before.target !== mount.target) continue;
    problems.attempt(() => {
      throw composeError(
        draft.spot,
        `${JSON.stringify(mount.target)} is mounted twice: at ${before.at} and at ${mount.at}`,
      );
    });
  }
  return mounts;
}

/** Outer folders come before inner ones. */
const keyOf = ({ target }: ServiceMount): string => posix.join(target, '/');

function fileMount(grant: Grant, findings: Findings): ServiceMount {
  const { of, name, target, mode, uid, gid, spot } = grant;
  return {
    kind: 'file',
    at: lineText(spot),
    of,
    name,
    source: sourceOf(name, of, spot, findings),
    target,
    mode,
    uid,
    gid,
  };
}

function sourceOf(
  name: string,
  of: 'config' | 'secret',
  spot: Draft['spot'],
  { project, around }: Findings,
): FileSource {
  const definition: FileDefinition | undefined = project[`${of}s`].get(name);
  if (definition === undefined) {
    const known = project.named[`${of}s`];
    if (known.has(name)) return { text: '' }; // What is wrong with it has been told.
    throw composeError(spot, `no ${of} is called ${JSON.stringify(name)}${suggestion(name, [...known])}`, {
      hint: `name it below \`${of}s:\` of the project`,
    });
  }
  if (!('variable' in definition)) return definition;
  const { variable } = definition;
  const value = Object.hasOwn(around.env, variable) ? around.env[variable] : undefined;
  if (value !== undefined) return { text: value };
  throw composeError(definition.spot, `the variable ${variable} is not set`, {
    hint: `set ${variable} in the environment, or in a .env file beside the project`,
  });
}

function checkMentions(draft: Draft, { project, problems }: Findings): void {
  for (const { kind, name, spot } of draft.mentions) {
    if (kind === 'service') continue;
    const known = project.named[`${kind}s`];
    if (known.has(name) || (kind === 'network' && name === DEFAULT_NETWORK)) continue;
    problems.attempt(() => {
      throw composeError(spot, `no ${kind} is called ${JSON.stringify(name)}${suggestion(name, [...known])}`, {
        hint: `name it below \`${kind}s:\` of the project`,
      });
    });
  }
  for (const { name, ipv4Address } of draft.service.networks) {
    const network = project.networks.get(name);
    if (ipv4Address === undefined || (network?.subnet !== undefined && isInSubnet(ipv4Address, network.subnet)))
      continue;
    problems.attempt(() => {
      const why = network?.subnet === undefined ? 'has no subnet of its own' : `is ${network.subnet}`;
      throw composeError(
        draft.spot,
        `the address ${ipv4Address} is not in the network ${JSON.stringify(name)}, which ${why}`,
        {
          hint: `write a subnet below networks.${name}.ipam.config`,
        },
      );
    });
  }
}
