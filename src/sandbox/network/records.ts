import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../../base/folders.ts';
import { errnoOf } from '../../base/error.ts';
import { withLock } from '../../store/lock.ts';
import { isAlive, thisProcess } from '../../store/process-identity.ts';
import { parseRange, type AddressRange } from './addresses.ts';
import type { Rules } from './firewall.ts';
import { forwardingInterfaces, forwards, startForwarding, stopForwarding } from './forwarding.ts';

const RUN = '/run/tare-network';
const FORWARDING = 'forwarding.json';
const SUFFIX = '.json';

/** What a network has on this machine: written before any of it is made. */
export interface NetworkRecord {
  /** Begins with the process that it belongs to. */
  readonly id: string;
  readonly rules: Rules;
}

/** The networks of all builds in this network namespace: `/run/tare-network/<boot>-<namespace>/`. */
export interface Records {
  readonly dir: string;
  /**
   * Notes a network, and sees to it that this machine forwards packets; `make` gets the addresses that other networks of ours have. What dead processes left is removed first, by `remove`.
   * @throws Error of the system when this machine cannot be made to forward
   */
  add(
    make: (taken: readonly AddressRange[], id: string) => NetworkRecord,
    remove: (record: NetworkRecord) => Promise<void>,
  ): Promise<NetworkRecord>;
  /** After the network itself. With the last one this machine forwards as it did before the first. */
  forget(record: NetworkRecord): Promise<void>;
}

export async function openRecords(run: string = RUN): Promise<Records> {
  // Where /run is on a disk it outlives what it tells of.
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  const dir = join(run, `${boot}-${statSync('/proc/self/ns/net').ino}`);
  makeFolders(dir);
  const lock = join(dir, 'lock');
  const me = await thisProcess();
  const fileOf = ({ id }: NetworkRecord): string => join(dir, `${id}${SUFFIX}`);
  const forwarding = join(dir, FORWARDING);
  const restore = (): void => {
    const before = readJson(forwarding) as readonly string[] | undefined;
    if (before === undefined || recordsIn(dir).length > 0) return;
    if (forwards()) stopForwarding(before);
    rmSync(forwarding, { force: true });
  };
  const drop = (record: NetworkRecord): void => {
    rmSync(fileOf(record), { force: true });
    for (const more of ['.resolv.conf', '.ip']) rmSync(join(dir, `${record.id}${more}`), { force: true });
  };
  return {
    dir,
    add: (make, remove) =>
      withLock(lock, async () => {
        for (const record of recordsIn(dir)) {
          if ((await isAlive(record.id, Infinity)) !== false) continue;
          await remove(record);
          drop(record);
        }
        restore();
        const taken = recordsIn(dir).flatMap(({ rules }) => parseRange(rules.subnet) ?? []);
        const record = make(taken, me);
        writeFileSync(fileOf(record), JSON.stringify(record), { mode: 0o600, flag: 'wx' });
        if (forwards()) return record;
        try {
          // What it was must be known before it is changed.
          writeFileSync(forwarding, JSON.stringify(forwardingInterfaces()), { mode: 0o600 });
          startForwarding();
        } catch (error) {
          drop(record);
          rmSync(forwarding, { force: true });
          throw error;
        }
        return record;
      }),
    forget: (record) =>
      withLock(lock, () => {
        drop(record);
        restore();
        return Promise.resolve();
      }),
  };
}

function recordsIn(dir: string): readonly NetworkRecord[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith(SUFFIX) && name !== FORWARDING)
    .flatMap((name) => (readJson(join(dir, name)) as NetworkRecord | undefined) ?? []);
}

/** Undefined when there is none. One that was cut short is of somebody who was killed before he made anything. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
