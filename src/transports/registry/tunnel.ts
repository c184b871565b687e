import { request, type Agent, type OutgoingHttpHeaders, type RequestOptions } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { TareError } from '../../base/error.ts';
import { proxyFor, type Environment } from '../../base/http-proxy.ts';

/** For a connection to be there, in ms. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** @throws TareError E_REGISTRY */
export function proxyOf(url: URL, env: Environment): URL | undefined {
  const proxy = proxyFor(url, env);
  if (proxy === undefined) return undefined;
  if (URL.canParse(proxy)) return new URL(proxy);
  throw new TareError('E_REGISTRY', `cannot reach ${url.host}: the proxy of the environment is no URL`, {
    hint: 'mend http_proxy and https_proxy',
  });
}

/** The name and password that the URL of a proxy brings along (RFC 9110, section 11.7.1). */
export function proxyAuthorization({ password, username }: URL): OutgoingHttpHeaders {
  if (username === '' && password === '') return {};
  const pair = `${unescaped(username)}:${unescaped(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A percent sign that was meant as one.
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** The agent, whose connections lead through a proxy: `CONNECT`, then TLS inside (RFC 9110, section 9.3.6). */
export function tunnelling(agent: SecureAgent, proxy: URL, toProxy: Agent): SecureAgent {
  const secured = agent.createConnection.bind(agent);
  const createConnection: SecureAgent['createConnection'] = (options, callback) => {
    connectThrough(proxy, toProxy, options)
      .then((socket) => secured({ ...options, socket } as RequestOptions) as Duplex)
      .then(
        (socket) => callback?.(null, socket),
        // The types want a connection beside the error; Node looks at the error alone.
        (error: Error) => callback?.(error, undefined as unknown as Duplex),
      );
    return undefined;
  };
  return Object.assign(agent, { createConnection });
}

function connectThrough(proxy: URL, agent: Agent, { host, port }: RequestOptions): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const target = `${host?.includes(':') === true ? `[${host}]` : host}:${port}`;
    const asked = request(proxy, {
      agent,
      protocol: proxy.protocol,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxyAuthorization(proxy) },
      auth: null,
    });
    // In all: a proxy that sends its answer letter by letter is no better than one that sends none.
    const timer = setTimeout(
      () => asked.destroy(new Error(`the proxy ${proxy.host} does not answer`)),
      CONNECT_TIMEOUT_MS,
    );
    asked.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    asked.once('connect', (answer, socket) => {
      clearTimeout(timer);
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy ${proxy.host} answers ${answer.statusCode} when asked for ${target}`));
    });
    asked.end();
  });
}
