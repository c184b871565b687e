import { TareError } from '../../base/error.ts';

/** Where a BuildKit daemon listens. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** A container of Docker in which buildkitd runs, as `docker buildx create` makes it. */
  | { readonly kind: 'container'; readonly name: string };

const FORMS = 'write unix:///PATH, tcp://HOST:PORT or docker-container:NAME';
const CONTAINER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,253}$/;

/** `unix:///PATH`, `tcp://HOST:PORT` (default 1234), `docker-container:NAME` (or `docker-container://NAME`). @throws TareError E_USAGE */
export function parseEngine(text: string): EngineAddress {
  // A password is for nobody's log.
  const shown = JSON.stringify(text.replace(/\/\/[^/]*@/, '//').slice(0, 200));
  const unix = /^unix:(?:\/\/)?(\/(?!\/).+)$/s.exec(text)?.[1];
  if (unix !== undefined) return { kind: 'unix', path: unix };
  const container = /^docker-container:(?:\/\/)?(.*)$/s.exec(text)?.[1];
  if (container !== undefined) {
    if (!CONTAINER_NAME.test(container)) throw new TareError('E_USAGE', `${shown} names no container`, { hint: FORMS });
    return { kind: 'container', name: container };
  }
  // The parser of URLs knows no ports of tcp, and leaves what it does not know alone.
  const url = text.startsWith('tcp://') && URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url !== undefined && url.hostname !== '' && /^\/?$/.test(url.pathname) && url.search + url.hash === '';
  if (!isPlain || url.username !== '' || url.password !== '')
    throw new TareError('E_USAGE', `${shown} is no address of a BuildKit daemon`, { hint: FORMS });
  return { kind: 'tcp', host: url.hostname, port: url.port === '' ? 1234 : Number(url.port) };
}

export function engineText(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  if (address.kind === 'tcp') return `tcp://${address.host}:${address.port}`;
  return `docker-container:${address.name}`;
}
