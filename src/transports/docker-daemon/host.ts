import { TareError } from '../../base/error.ts';

/** Where a Docker Engine API is spoken. */
export interface DaemonAddress {
  /** `http://host:port`; the host is a placeholder when there is a socket. */
  readonly origin: string;
  readonly socketPath?: string;
  /** As the user knows it, for messages. */
  readonly shown: string;
}

const DEFAULT_HOST = 'unix:///var/run/docker.sock';

/**
 * DOCKER_HOST as the docker command reads it: `unix:///path`, `tcp://host:port`, `http://host:port`.
 * @throws TareError E_DAEMON for every other scheme, and for TLS: what should be encrypted is never sent in the clear
 */
export function daemonAddress(env: Readonly<Record<string, string | undefined>>): DaemonAddress {
  const shown = env.DOCKER_HOST === undefined || env.DOCKER_HOST === '' ? DEFAULT_HOST : env.DOCKER_HOST;
  if (shown.startsWith('unix://')) {
    const socketPath = shown.slice('unix://'.length);
    if (!socketPath.startsWith('/')) throw refused(shown, 'the path of the socket is not absolute');
    return { origin: 'http://docker', socketPath, shown };
  }
  const match = /^(?:tcp|http):\/\/((?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5})\/?$/.exec(shown);
  const authority = match?.[1];
  if (authority === undefined) throw refused(withoutPassword(shown), 'only unix:// and tcp://HOST:PORT are supported');
  if ((env.DOCKER_TLS_VERIFY ?? '') !== '') throw refused(shown, 'DOCKER_TLS_VERIFY is set, and TLS is not supported');
  return { origin: `http://${authority}`, shown };
}

function refused(shown: string, why: string): TareError {
  return new TareError('E_DAEMON', `cannot use DOCKER_HOST=${shown}: ${why}`, {
    hint: 'set DOCKER_HOST to the socket of a daemon on this machine, or use docker-archive: with `docker save` and `docker load`',
  });
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//***@');
}
