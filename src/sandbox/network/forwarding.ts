import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../base/error.ts';

/** ip-sysctl of the kernel's documentation. Of the network namespace of who reads it. */
const IPV4 = '/proc/sys/net/ipv4';

/** Whether this machine passes packets on between its networks. */
export function forwards(): boolean {
  return read(join(IPV4, 'ip_forward')) === '1';
}

/** The interfaces for which it does so, whatever it does for the others. */
export function forwardingInterfaces(): readonly string[] {
  return readdirSync(join(IPV4, 'conf')).filter((name) => read(conf(name)) === '1');
}

/** @throws Error of the system when that cannot be set */
export function startForwarding(): void {
  writeFileSync(join(IPV4, 'ip_forward'), '1');
}

/** As it was before, with what `forwardingInterfaces` told then: writing ip_forward sets all interfaces, so those that did forward alone are set again. */
export function stopForwarding(before: readonly string[]): void {
  writeFileSync(join(IPV4, 'ip_forward'), '0');
  for (const name of before) {
    try {
      writeFileSync(conf(name), '1');
    } catch (error) {
      // It has gone meanwhile.
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}

const conf = (name: string): string => join(IPV4, 'conf', name, 'forwarding');

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1').trim();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
