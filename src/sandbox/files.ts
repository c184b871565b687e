import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Bundle } from './bundle.ts';
import { bindFile, type RuntimeMount } from './runtime-config.ts';
import { isReadableFile, readInside } from './inside-root.ts';
import type { Network, RunSpec } from './types.ts';

/**
 * What every container engine lays over an image: /etc/hosts and /etc/hostname that name the container itself, and, where there is a way out,
 * a resolv.conf; with the network `host` both are the machine's own. Nothing of it becomes part of an image. Where changes are kept /etc/hostname is the
 * image's own, as in the builders that people know.
 */
export function engineFiles(bundle: Bundle, spec: RunSpec, hostname: string): readonly RuntimeMount[] {
  const mounts: RuntimeMount[] = [];
  if (spec.changes === undefined) {
    writeFileSync(bundle.path('hostname'), `${hostname}\n`, { mode: 0o644 });
    mounts.push(bindFile(bundle.path('hostname'), '/etc/hostname'));
  }
  const hosts = hostsText(spec, hostname);
  if (hosts !== undefined) {
    writeFileSync(bundle.path('hosts'), hosts, { mode: 0o644 });
    mounts.push(bindFile(bundle.path('hosts'), '/etc/hosts'));
  } else if (isReadableFile('/etc/hosts')) mounts.push(bindFile('/etc/hosts', '/etc/hosts'));
  const resolver = resolvConfOf(spec.network);
  if (resolver !== undefined) mounts.push(bindFile(resolver, '/etc/resolv.conf'));
  const taken = new Set(spec.mounts.map((mount) => mount.target));
  const wanted = mounts.filter((mount) => !taken.has(mount.destination));
  if (spec.changes !== undefined || isOurs(spec.rootfs)) return wanted;
  // In a root that belongs to an id without a name in our user namespace nothing can be made: there, only what exists is covered.
  const there = wanted.map((mount) => readInside(spec.rootfs, mount.destination, 1));
  return wanted.filter((_, index) => there[index] !== undefined);
}

/** Undefined: nobody could be asked. */
function resolvConfOf(network: Network): string | undefined {
  if (network.kind === 'joined') return network.resolvConf;
  return network.kind === 'host' && isReadableFile('/etc/resolv.conf') ? '/etc/resolv.conf' : undefined;
}

/** Undefined: the machine's own file will do. */
function hostsText(spec: RunSpec, hostname: string): string | undefined {
  const more = (spec.hosts ?? []).map((line) => {
    const colon = line.indexOf(':');
    return `${line.slice(colon + 1)}\t${line.slice(0, colon)}\n`;
  });
  if (spec.network.kind !== 'host') {
    const address = spec.network.kind === 'joined' ? spec.network.address : undefined;
    const own = address === undefined ? ` ${hostname}\n` : `\n${address} ${hostname}\n`;
    return [`127.0.0.1 localhost${own}::1 localhost ip6-localhost\n`, ...more].join('');
  }
  if (more.length === 0) return undefined;
  const own = isReadableFile('/etc/hosts') ? readFileSync('/etc/hosts', 'utf8') : '';
  return [own === '' || own.endsWith('\n') ? own : `${own}\n`, ...more].join('');
}

function isOurs(rootfs: string): boolean {
  const uid = process.geteuid?.();
  return uid === 0 || statSync(rootfs).uid === uid;
}
