import { TareError } from '../../base/error.ts';
import type { Draft } from './draft.ts';
import { composeError, spotText, type Spot } from './node.ts';
import type { Problems } from './problems.ts';
import { needsOf } from './select.ts';
import type { Service, ServicePort } from './types.ts';

/** Services that wait for each other would never start: the first circle is told, with the place of each step. */
export function checkCycles(drafts: ReadonlyMap<string, Draft>, problems: Problems): void {
  const done = new Set<string>();
  for (const name of drafts.keys()) {
    const circle = circleFrom(name, drafts, done);
    if (circle === undefined) continue;
    problems.attempt(() => {
      const [first] = circle;
      if (first === undefined) return;
      const path = [...circle.map((step) => step.name), first.name].join(' → ');
      const places = circle.map(({ name: at, spot }) => `${at} at ${spotText(spot)}`).join(', ');
      throw composeError(first.spot, `services depend on each other in a circle: ${path} (${places})`, {
        hint: 'leave one of these dependencies out',
      });
    });
    return;
  }
}

/** A service, and where it says that it needs the next one. */
interface Step {
  readonly name: string;
  readonly spot: Spot;
}

/** Depth first without recursion: chains may be as long as there are services. */
function circleFrom(start: string, drafts: ReadonlyMap<string, Draft>, done: Set<string>): readonly Step[] | undefined {
  const way: { readonly name: string; readonly needs: ReturnType<typeof needsOf>; at: number }[] = [];
  const enter = (name: string): void => {
    const draft = drafts.get(name);
    if (draft !== undefined && !done.has(name)) way.push({ name, needs: needsOf(draft), at: 0 });
  };
  enter(start);
  for (let step = way.at(-1); step !== undefined; step = way.at(-1)) {
    const next = step.needs[step.at];
    step.at += 1;
    if (next === undefined) {
      done.add(step.name);
      way.pop();
      continue;
    }
    const from = way.findIndex(({ name }) => name === next.name);
    if (from !== -1)
      return way.slice(from).map(({ name, needs, at }) => ({ name, spot: (needs[at - 1] ?? next).spot }));
    enter(next.name);
  }
  return undefined;
}

interface Claim {
  readonly service: string;
  readonly port: ServicePort;
}

/** A port of this machine is published by one container; ports of a range are given out when containers start. */
export function checkPorts(services: readonly Service[], problems: Problems): void {
  const claims = new Map<string, Claim[]>();
  for (const service of services) {
    for (const port of service.ports) {
      const { published } = port;
      if (published === undefined) continue;
      problems.attempt(() => checkReplicas(service, port));
      if (published.first !== published.last) continue;
      const key = `${port.protocol} ${published.first}`;
      const others = claims.get(key) ?? [];
      const clash = others.find((other) => overlap(other.port.hostIp, port.hostIp));
      if (clash !== undefined)
        problems.attempt(() => {
          const what = `the ${port.protocol} port ${published.first} of this machine`;
          throw new TareError(
            'E_COMPOSE',
            `${what} is published twice: at ${clash.port.at} by ${clash.service}, at ${port.at} by ${service.name}`,
            { hint: 'give one of them another port, or none: any that is free is chosen then' },
          );
        });
      claims.set(key, [...others, { service: service.name, port }]);
    }
  }
}

/** One port leads to all containers in turn; of a range each has its own. */
function checkReplicas(service: Service, port: ServicePort): void {
  const { published } = port;
  const room = published === undefined ? Infinity : published.last - published.first + 1;
  if (room === 1 || room >= service.replicas) return;
  throw new TareError(
    'E_COMPOSE',
    `${port.at}: services.${service.name}: ${service.replicas} containers cannot share ${room} ports of this machine`,
    { hint: `publish a range of ${service.replicas} ports, or one port that all of them share` },
  );
}

const isAny = (address: string | undefined): boolean =>
  address === undefined || address === '0.0.0.0' || address === '::';

const overlap = (a: string | undefined, b: string | undefined): boolean => isAny(a) || isAny(b) || a === b;
