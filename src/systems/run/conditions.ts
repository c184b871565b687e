import { TareError } from '../../base/error.ts';
import type { Dependency, Project, Service } from '../../formats/compose/types.ts';
import type { ReplicaStatus } from './life.ts';

/** `why`: it will never be so. */
export type Verdict = 'yes' | 'not yet' | { readonly why: string };

/** Whether a service is as far as another one needs it to be. @param of all its replicas */
export function conditionMet(condition: Dependency['condition'], of: readonly ReplicaStatus[]): Verdict {
  const verdicts = of.map((status) => verdictOf(condition, status));
  const broken = verdicts.find((verdict) => typeof verdict === 'object');
  if (broken !== undefined) return broken;
  return verdicts.every((verdict) => verdict === 'yes') ? 'yes' : 'not yet';
}

function verdictOf(condition: Dependency['condition'], status: ReplicaStatus): Verdict {
  const { health, state } = status;
  const ended = state === 'exited';
  switch (condition) {
    case 'service_started':
      if (ended && status.exit === undefined) return { why: whyNot(status) };
      return state === 'running' || status.restarts > 0 || ended ? 'yes' : 'not yet';
    case 'service_completed_successfully':
      if (ended) return status.exit?.code === 0 ? 'yes' : { why: whyNot(status) };
      return 'not yet';
    default:
      if (ended || health === 'unhealthy') return { why: whyNot(status) };
      return health === 'healthy' ? 'yes' : 'not yet';
  }
}

/** A service is ready when it runs and, if it is asked, is well; or when it was a task that is done. */
export function readiness(of: readonly ReplicaStatus[], isAsked: boolean): Verdict {
  const verdicts = of.map((status): Verdict => {
    if (status.state === 'exited') return status.exit?.code === 0 ? 'yes' : { why: whyNot(status) };
    if (status.health === 'unhealthy') return { why: whyNot(status) };
    if (isAsked) return status.health === 'healthy' ? 'yes' : 'not yet';
    return status.state === 'running' ? 'yes' : 'not yet';
  });
  return (
    verdicts.find((verdict) => typeof verdict === 'object') ??
    (verdicts.every((verdict) => verdict === 'yes') ? 'yes' : 'not yet')
  );
}

/** `db-1 ended with exit code 1`. */
export function whyNot({ exit, health, name, said, state }: ReplicaStatus): string {
  const last = said === undefined || said === '' ? '' : `: ${said}`;
  if (state !== 'exited') return `${name} is ${health ?? state}${last}`;
  if (exit === undefined) return `${name} was not started${last}`;
  return `${name} ended with exit code ${exit.code}${exit.signal === undefined ? '' : ` (${exit.signal})`}${last}`;
}

const NEEDS: Readonly<Record<Dependency['condition'], string>> = {
  service_started: 'to run',
  service_healthy: 'to be healthy',
  service_completed_successfully: 'to be done',
};

export function unmet(service: Service, { condition, service: other }: Dependency, why: string): TareError {
  return new TareError(
    'E_SYSTEM',
    `${service.at}: ${service.name} is not started: it needs ${other} ${NEEDS[condition]}, and ${why}`,
  );
}

/** Whether a service, or its image, has a health check. */
type IsAsked = (service: Service) => boolean;

/** The service waits for a health that nobody ever asks for. */
export const waitsInVain = ({ condition }: Dependency, other: Service, isAsked: IsAsked): boolean =>
  condition === 'service_healthy' && !isAsked(other);

/** @throws TareError E_COMPOSE when a service would wait in vain, and may not go on without */
export function refuseVain({ services }: Project, isAsked: IsAsked): void {
  for (const service of services)
    for (const dependency of service.dependsOn) {
      const other = services.find(({ name }) => name === dependency.service);
      if (other === undefined || !dependency.required || !waitsInVain(dependency, other, isAsked)) continue;
      throw new TareError(
        'E_COMPOSE',
        `${service.at}: ${service.name} waits until ${other.name} is healthy, and neither ${other.name} nor its image has a health check`,
        { hint: `write a \`healthcheck\` for ${other.name}, or wait for \`service_started\`` },
      );
    }
}
