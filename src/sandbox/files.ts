import { stat, writeFile } from 'node:fs/promises';
import type { Bundle } from './bundle.ts';
import { bindFile } from './runtime-config.ts';
import { isReadableFile, readInside } from './inside-root.ts';
import type { RunSpec } from './types.ts';

type RuntimeMount = ReturnType<typeof bindFile>;

/**
 * What every container engine lays over an image: /etc/hosts and /etc/hostname that name the container itself, and, where there is a way out
 * (network `host`), the machine's own resolv.conf and hosts. Nothing of it becomes part of an image.
 */
export async function engineFiles(bundle: Bundle, spec: RunSpec, hostname: string): Promise<readonly RuntimeMount[]> {
  await writeFile(bundle.path('hostname'), `${hostname}\n`, { mode: 0o644 });
  const mounts = [bindFile(bundle.path('hostname'), '/etc/hostname')];
  if (spec.network.kind === 'host') {
    for (const file of ['/etc/hosts', '/etc/resolv.conf'])
      if (await isReadableFile(file)) mounts.push(bindFile(file, file));
  } else {
    await writeFile(bundle.path('hosts'), `127.0.0.1 localhost ${hostname}\n::1 localhost ip6-localhost\n`, {
      mode: 0o644,
    });
    mounts.push(bindFile(bundle.path('hosts'), '/etc/hosts'));
  }
  const taken = new Set(spec.mounts.map((mount) => mount.target));
  const wanted = mounts.filter((mount) => !taken.has(mount.destination));
  if (await isOurs(spec.rootfs)) return wanted;
  // In a root that belongs to an id without a name in our user namespace nothing can be made: there, only what exists is covered.
  const there = await Promise.all(wanted.map((mount) => readInside(spec.rootfs, mount.destination, 1)));
  return wanted.filter((_, index) => there[index] !== undefined);
}

async function isOurs(rootfs: string): Promise<boolean> {
  const uid = process.geteuid?.();
  return uid === 0 || (await stat(rootfs)).uid === uid;
}
