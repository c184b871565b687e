import type { Dispatcher } from 'undici';
import { TareError } from '../../base/error.ts';
import { proxyFor, type Environment } from '../../base/http-proxy.ts';
import { tlsFor } from './tls.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** Connections to one origin each, kept open between requests. */
export type Dispatchers = (url: URL, insecure: boolean) => Promise<Dispatcher>;

export function createDispatchers(env: Environment): Dispatchers {
  const known = new Map<string, Promise<Dispatcher>>();
  return (url, insecure) => {
    const key = `${url.origin} ${insecure}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = dispatcherFor(url, insecure, env);
    known.set(key, made);
    return made;
  };
}

async function dispatcherFor(url: URL, insecure: boolean, env: Environment): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  const proxy = proxyFor(url, env);
  const tls = url.protocol === 'https:' ? await tlsFor(url.host, env, insecure) : undefined;
  const connect = {
    timeout: CONNECT_TIMEOUT_MS,
    ...(tls === undefined ? {} : { ...tls, ca: [...tls.ca] }),
  };
  if (proxy === undefined) return new Agent({ connect });
  if (!URL.canParse(proxy))
    throw new TareError('E_REGISTRY', `cannot reach ${url.host}: the proxy of the environment is no URL`, {
      hint: 'mend http_proxy and https_proxy',
    });
  const proxyTls = proxy.startsWith('https:') ? { ca: [...(await tlsFor(new URL(proxy).host, env, false)).ca] } : {};
  return new ProxyAgent({
    uri: proxy,
    requestTls: connect,
    proxyTls: { timeout: CONNECT_TIMEOUT_MS, ...proxyTls },
    proxyTunnel: url.protocol === 'https:',
  });
}
