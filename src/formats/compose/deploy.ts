import { checkKeys } from './check-keys.ts';
import { asMap, childOf, composeError, type MapNode, type Node } from './node.ts';
import type { Problems } from './problems.ts';
import { bytesOf, durationOf, numberOf, textOf, wholeOf } from './scalars.ts';
import type { Resources, Restart } from './types.ts';

const MAX_REPLICAS = 1000;
const MAX_ATTEMPTS = 1_000_000;

export interface Deployment {
  readonly replicas?: number;
  readonly restart?: Restart;
  readonly limits: Resources;
  readonly reservations: Resources;
}

/** `deploy:` and what older files say of the same beside it. */
export function readDeployment(service: MapNode, problems: Problems): Deployment {
  const node = childOf(service, 'deploy');
  const deploy = node === undefined ? undefined : asMap(node);
  if (deploy !== undefined) checkKeys(deploy, 'deploy', problems);
  if (deploy !== undefined) problems.attempt(() => checkMode(deploy));
  const replicas = problems.attempt(() => replicasOf(service, deploy));
  const policy = deploy === undefined ? undefined : childOf(deploy, 'restart_policy');
  const restart = policy === undefined ? undefined : problems.attempt(() => policyOf(asMap(policy), problems));
  const resources = deploy === undefined ? undefined : childOf(deploy, 'resources');
  if (resources !== undefined) checkKeys(asMap(resources), 'deploy.resources', problems);
  const parts = resources === undefined ? undefined : asMap(resources);
  const limits = { ...plainLimits(service, 'cpus', 'mem_limit'), ...resourcesOf(parts, 'limits', problems) };
  const reservations = {
    ...plainLimits(service, undefined, 'mem_reservation'),
    ...resourcesOf(parts, 'reservations', problems),
  };
  return {
    ...(replicas === undefined ? {} : { replicas }),
    ...(restart === undefined ? {} : { restart }),
    limits,
    reservations,
  };
}

function checkMode(deploy: MapNode): void {
  const mode = childOf(deploy, 'mode');
  const text = mode === undefined ? 'replicated' : textOf(mode);
  if (mode === undefined || text === 'replicated' || text === 'global') return;
  const isJob = text === 'replicated-job' || text === 'global-job';
  throw composeError(
    mode.spot,
    isJob ? 'jobs are not supported' : `${JSON.stringify(text)} is no mode: replicated, global`,
    {
      code: isJob ? 'E_COMPOSE_UNSUPPORTED' : 'E_COMPOSE',
      hint: 'a service that ends by itself needs no mode; write `restart: "no"`',
    },
  );
}

function replicasOf(service: MapNode, deploy: MapNode | undefined): number | undefined {
  const scale = childOf(service, 'scale');
  const replicas = deploy === undefined ? undefined : childOf(deploy, 'replicas');
  const bounds = { min: 0, max: MAX_REPLICAS };
  const first = scale === undefined ? undefined : wholeOf(scale, bounds);
  const second = replicas === undefined ? undefined : wholeOf(replicas, bounds);
  if (scale !== undefined && first !== undefined && second !== undefined && first !== second)
    throw composeError(scale.spot, `${first}, but deploy.replicas is ${second}: leave one of them out`);
  return first ?? second;
}

/** `restart:` of a service. */
export function restartOf(node: Node): Restart {
  const text = textOf(node);
  const [, retries] = /^on-failure(?::(\d{1,6}))?$/.exec(text) ?? [];
  if (text === 'no' || text === 'false' || text === 'none') return { policy: 'no' };
  if (text === 'always' || text === 'unless-stopped') return { policy: text };
  if (/^on-failure(?::\d{1,6})?$/.test(text))
    return { policy: 'on-failure', ...(retries === undefined ? {} : { retries: Number(retries) }) };
  throw composeError(
    node.spot,
    `${JSON.stringify(text)} is no policy: "no", always, unless-stopped, on-failure[:RETRIES]`,
  );
}

const CONDITIONS: Readonly<Record<string, Restart['policy']>> = {
  none: 'no',
  any: 'always',
  'on-failure': 'on-failure',
};

function policyOf(node: MapNode, problems: Problems): Restart {
  checkKeys(node, 'deploy.restart_policy', problems);
  const condition = childOf(node, 'condition');
  const attempts = childOf(node, 'max_attempts');
  for (const key of ['delay', 'window']) {
    const time = childOf(node, key);
    if (time !== undefined) durationOf(time);
  }
  const text = condition === undefined ? 'any' : textOf(condition);
  const policy = Object.hasOwn(CONDITIONS, text) ? CONDITIONS[text] : undefined;
  if (policy === undefined)
    throw composeError((condition ?? node).spot, `${JSON.stringify(text)} is no condition: none, on-failure, any`);
  if (policy !== 'on-failure' || attempts === undefined) return { policy };
  return { policy, retries: wholeOf(attempts, { min: 0, max: MAX_ATTEMPTS }) };
}

function resourcesOf(resources: MapNode | undefined, key: 'limits' | 'reservations', problems: Problems): Resources {
  const node = resources === undefined ? undefined : childOf(resources, key);
  if (node === undefined) return {};
  const map = asMap(node);
  checkKeys(map, `deploy.resources.${key}`, problems);
  return plainLimits(map, 'cpus', 'memory');
}

function plainLimits(node: MapNode, cpusKey: string | undefined, memoryKey: string): Resources {
  const cpus = cpusKey === undefined ? undefined : childOf(node, cpusKey);
  const memory = childOf(node, memoryKey);
  return {
    ...(cpus === undefined ? {} : { cpus: numberOf(cpus) }),
    ...(memory === undefined ? {} : { memory: bytesOf(memory) }),
  };
}
