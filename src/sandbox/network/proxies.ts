import { BlockList, isIP } from 'node:net';

/** What programs ask for a proxy; the lower-case ones too. `no_proxy` names none. */
const PROXY_NAMES: ReadonlySet<string> = new Set(['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy']);

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('0.0.0.0');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addAddress('::', 'ipv6');

/** The host names of the proxies in an environment, by the name of the variable. What is no URL and no `HOST:PORT` is left out. */
export function proxyHosts(env: readonly string[]): ReadonlyMap<string, string> {
  const hosts = new Map<string, string>();
  for (const line of env) {
    const cut = line.indexOf('=');
    const [name, value] = [line.slice(0, cut), line.slice(cut + 1)];
    if (!PROXY_NAMES.has(name.toLowerCase())) continue;
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
    // A scheme of its own (socks5) would leave the host as it is written.
    if (!URL.canParse(url)) continue;
    const host = new URL(url.replace(/^[a-z][a-z0-9+.-]*:/i, 'http:')).hostname.replace(/^\[|\]$/g, '');
    if (host !== '') hosts.set(name, host);
  }
  return hosts;
}

/**
 * The first variable whose proxy listens on this machine's loopback alone, where no other network namespace can reach it.
 * @param etcHosts text of /etc/hosts: names that it gives to the loopback count too
 */
export function loopbackProxy(env: readonly string[], etcHosts: string): string | undefined {
  for (const [name, host] of proxyHosts(env)) if (isLoopbackHost(host, etcHosts)) return name;
  return undefined;
}

function isLoopbackHost(host: string, etcHosts: string): boolean {
  const version = isIP(host);
  if (version !== 0) return LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  for (const line of etcHosts.split('\n')) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    if (names.some((name) => name.toLowerCase() === host.toLowerCase()))
      return isIP(address) !== 0 && isLoopbackHost(address, '');
  }
  return false;
}
