import { isTareError, TareError } from '../../base/error.ts';
import type { ServicePort } from '../../formats/compose/types.ts';
import type { Publication, Switchboard, Target } from '../../sandbox/types.ts';
import { targetOf, type Replica } from './plan.ts';

export interface PublishedPort {
  readonly service: string;
  /** Of the one container that it leads to; undefined: to all of the service in turn. */
  readonly number?: number;
  readonly container: number;
  readonly address: string;
  readonly host: number;
}

export interface Publisher {
  readonly ports: readonly PublishedPort[];
  /** A free port of this machine's loopback that leads to a service, whether its ports are published or not. */
  reach(service: string, port: number): Promise<PublishedPort>;
  /** Connections go to those that run. */
  follow(running: readonly Replica[]): Promise<void>;
}

interface Row extends PublishedPort {
  readonly publication: Publication;
}

/** As Docker: what is published without an address can be reached from outside. */
const ANY_ADDRESS = '0.0.0.0';

/**
 * Takes every port that the services publish. Replicas that share one published port are asked in turn; of a range each has its own.
 * @throws TareError E_PORT_IN_USE, E_PERMISSION, E_USAGE with the line that publishes it
 */
export async function publishPorts(board: Switchboard, replicas: readonly Replica[]): Promise<Publisher> {
  const rows: Row[] = [];
  for (const replica of replicas) {
    const { service } = replica;
    for (const port of service.ports) {
      const isShared = !hasOwn(port, service.replicas);
      if (isShared && replica.number > 1) continue;
      rows.push(await publish(board, replica, port, isShared));
    }
  }
  const reached = new Map<string, Promise<Row>>();
  let running: readonly Replica[] = [];
  const aim = (row: Row): Promise<void> => row.publication.setTargets(targetsOf(row, running));
  return {
    ports: rows.map(plain),
    async reach(service, container) {
      const key = `${service}:${container}`;
      const made =
        reached.get(key) ??
        board.publish({ host: 0 }).then(async (publication): Promise<Row> => {
          const row = { service, container, address: publication.address, host: publication.port, publication };
          await aim(row);
          return row;
        });
      reached.set(key, made);
      const { address, host } = await made;
      return { service, container, address, host };
    },
    async follow(now) {
      running = now;
      await Promise.all([...rows, ...(await Promise.all(reached.values()))].map(aim));
    },
  };
}

function plain({ address, container, host, number, service }: Row): PublishedPort {
  return { service, ...(number === undefined ? {} : { number }), container, address, host };
}

const hasOwn = ({ published }: ServicePort, replicas: number): boolean =>
  replicas > 1 && published !== undefined && published.last > published.first;

function targetsOf({ container, number, service }: Row, running: readonly Replica[]): readonly Target[] {
  return running
    .filter((replica) => replica.service.name === service && (number === undefined || replica.number === number))
    .flatMap((replica) => targetOf(replica, container) ?? []);
}

async function publish(board: Switchboard, replica: Replica, port: ServicePort, isShared: boolean): Promise<Row> {
  const { number, service } = replica;
  const { at, hostIp: address = ANY_ADDRESS, protocol, published, target } = port;
  if (protocol === 'udp')
    throw new TareError('E_COMPOSE_UNSUPPORTED', `${at}: ${service.name} publishes port ${target} of UDP`, {
      hint: 'only TCP leads into the networks here; leave the port out, and let another service ask it by name',
    });
  if (replica.links.length === 0)
    throw new TareError('E_COMPOSE', `${at}: ${service.name} is in no network: port ${target} cannot be published`);
  const first = published === undefined ? 0 : published.first + (isShared ? 0 : number - 1);
  if (published !== undefined && first > published.last)
    throw new TareError(
      'E_COMPOSE',
      `${at}: ${service.name} has ${service.replicas} containers, and ${published.first}-${published.last} is not a port for each`,
      { hint: 'publish a wider range, or one port that all of them share' },
    );
  const last = published === undefined ? 0 : isShared ? published.last : first;
  for (let host = first; ; host += 1) {
    try {
      const publication = await board.publish({ address, host });
      const row = { service: service.name, container: target, address: publication.address, host: publication.port };
      return { ...row, publication, ...(isShared ? {} : { number }) };
    } catch (error) {
      if (!isTareError(error)) throw error;
      // Of a range any will do.
      if (error.code === 'E_PORT_IN_USE' && host < last) continue;
      throw new TareError(error.code, `${at}: ${service.name}: ${error.message}`, { cause: error, hint: error.hint });
    }
  }
}
