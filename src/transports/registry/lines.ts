import { Agent, request, type ClientRequest, type OutgoingHttpHeaders } from 'node:http';
import type { Agent as SecureAgent, AgentOptions } from 'node:https';
import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import type { ConnectionOptions as TlsOptions, SecureContext } from 'node:tls';
import type { Environment } from '../../base/http-proxy.ts';
import { proxyAuthorization, proxyOf, tunnelling } from './tunnel.ts';

/** Begins a request; whoever begins it sends its body, and ends it. */
export type Begin = (
  url: URL,
  head: { readonly method: string; readonly headers: OutgoingHttpHeaders },
) => ClientRequest;

/** A connection for one request, whose bytes go where `onread` says. */
export type Connect = (url: URL, onread: OnReadOpts) => Socket;

export interface Line {
  /** Over connections that are kept open between requests. */
  readonly begin: Begin;
  /** Absent where a proxy stands in between. */
  readonly connect?: Connect;
}

/** How an origin is reached. */
export type Lines = (url: URL, insecure: boolean) => Promise<Line>;

/** What `Agent` of node:https takes. The authorities are parsed once, and not for each connection. */
export interface SecureSettings {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized?: false;
}

export function createLines(env: Environment): Lines {
  const known = new Map<string, Promise<Line>>();
  return (url, insecure) => {
    const key = `${url.origin} ${insecure}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = lineTo(url, insecure, env);
    known.set(key, made);
    return made;
  };
}

const KEPT: AgentOptions = { keepAlive: true };

async function lineTo(url: URL, insecure: boolean, env: Environment): Promise<Line> {
  const proxy = proxyOf(url, env);
  if (url.protocol === 'http:')
    return proxy === undefined
      ? { begin: direct(new Agent(KEPT)), connect: plainly }
      : { begin: await throughProxy(proxy, env) };
  const [https, own] = await Promise.all([import('node:https'), secureSettings(url.host, env, insecure)]);
  const agent = new https.Agent({ ...KEPT, ...own });
  if (proxy === undefined) return { begin: direct(agent, https.request), connect: await securely(own) };
  return { begin: direct(tunnelling(agent, proxy, await agentTo(proxy, env)), https.request) };
}

const direct =
  (agent: Agent | SecureAgent, begin = request): Begin =>
  (url, head) =>
    begin(url, { ...head, agent });

const plainly: Connect = (url, onread) => connect({ ...addressOf(url), onread });

async function securely(own: SecureSettings): Promise<Connect> {
  const tls = await import('node:tls');
  return (url, onread) => {
    const { host, port } = addressOf(url);
    // An address is no name that could be asked for (RFC 6066, section 3).
    const name = isIP(host) === 0 ? { servername: host } : {};
    // `onread` is documented (since 12.2), and missing in the types.
    const options: TlsOptions & { readonly onread: OnReadOpts } = { host, port, ...name, ...own, onread };
    return tls.connect({ ...options, ALPNProtocols: ['http/1.1'] });
  };
}

function addressOf({ hostname, port, protocol }: URL): { readonly host: string; readonly port: number } {
  const standard = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? standard : Number(port) };
}

/** Plain HTTP is passed on by the proxy itself (RFC 9112, section 3.2.2). */
async function throughProxy(proxy: URL, env: Environment): Promise<Begin> {
  const agent = await agentTo(proxy, env);
  const begin = proxy.protocol === 'https:' ? (await import('node:https')).request : request;
  return (url, { headers, method }) =>
    begin(proxy, {
      agent,
      method,
      path: url.href,
      headers: { ...headers, host: url.host, ...proxyAuthorization(proxy) },
      auth: null,
    });
}

async function agentTo(proxy: URL, env: Environment): Promise<Agent> {
  if (proxy.protocol !== 'https:') return new Agent(KEPT);
  const [https, own] = await Promise.all([import('node:https'), secureSettings(proxy.host, env, false)]);
  return new https.Agent({ ...KEPT, ...own });
}

async function secureSettings(host: string, env: Environment, insecure: boolean): Promise<SecureSettings> {
  const [{ createSecureContext }, { tlsFor }] = await Promise.all([import('node:tls'), import('./tls.ts')]);
  const { ca, cert, key, rejectUnauthorized } = await tlsFor(host, env, insecure);
  const secureContext = createSecureContext({ ca: [...ca], ...(cert === undefined ? {} : { cert, key }) });
  return { secureContext, ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }) };
}
