import { Agent, request, type ClientRequest, type OutgoingHttpHeaders } from 'node:http';
import type { Agent as SecureAgent, AgentOptions } from 'node:https';
import type { SecureContext } from 'node:tls';
import type { Environment } from '../../base/http-proxy.ts';
import { proxyAuthorization, proxyOf, tunnelling } from './tunnel.ts';

/** Begins a request; whoever begins it sends its body, and ends it. */
export type Begin = (
  url: URL,
  head: { readonly method: string; readonly headers: OutgoingHttpHeaders },
) => ClientRequest;

/** How an origin is reached. Its connections are kept open between requests. */
export type Lines = (url: URL, insecure: boolean) => Promise<Begin>;

/** What `Agent` of node:https takes. The authorities are parsed once, and not for each connection. */
export interface SecureSettings {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized?: false;
}

export function createLines(env: Environment): Lines {
  const known = new Map<string, Promise<Begin>>();
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

async function lineTo(url: URL, insecure: boolean, env: Environment): Promise<Begin> {
  const proxy = proxyOf(url, env);
  if (url.protocol === 'http:') return proxy === undefined ? direct(new Agent(KEPT)) : throughProxy(proxy, env);
  const [https, own] = await Promise.all([import('node:https'), secureSettings(url.host, env, insecure)]);
  const agent = new https.Agent({ ...KEPT, ...own });
  if (proxy === undefined) return direct(agent, https.request);
  return direct(tunnelling(agent, proxy, await agentTo(proxy, env)), https.request);
}

const direct =
  (agent: Agent | SecureAgent, begin = request): Begin =>
  (url, head) =>
    begin(url, { ...head, agent });

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
