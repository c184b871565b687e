import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../../base/folders.ts';
import { errnoOf, fromErrno } from '../../base/error.ts';
import { isAlive, thisProcess } from '../../store/process-identity.ts';

/** What is known of a snapshot; the file's time is that of its last use. */
export interface Made {
  /** Of the kernel that wrote it. */
  readonly boot: string;
  /** Of its files. */
  readonly bytes: number;
}

/** The files of `<home>/tare/solve/snapshots/<ids>/`. */
export interface SnapshotFolder {
  readonly root: string;
  readonly lock: string;
  /** What is being made, or being removed: each name begins with its process. */
  readonly temporary: string;
  /** A folder without anything in it. */
  readonly empty: string;
  /** Which images are unpacked where. */
  readonly bases: string;
  /** Where a snapshot is, or will be: a folder with `upper` and `made`. */
  pathOf(name: string): string;
  temporaryName(): string;
  /** Undefined when it is not there, or was written before the machine was started: not all of it may have reached the disk. */
  made(name: string): Made | undefined;
  markMade(dir: string, bytes: number): void;
  touch(name: string): void;
  names(): readonly string[];
  /** Notes that this process needs a snapshot, from now on and until `release`. */
  hold(name: string): void;
  isHeldHere(name: string): boolean;
  release(): void;
  /** What living processes need. */
  held(): Promise<ReadonlySet<string>>;
  /** Paths that dead processes have left. */
  leftovers(): Promise<readonly string[]>;
}

const MADE = 'made';
const NAME = /^[0-9a-f]{64,128}$/;

/** @throws TareError E_READ_ONLY, E_PERMISSION, E_NO_SPACE */
export async function openSnapshotFolder(root: string): Promise<SnapshotFolder> {
  const [temporary, leases, empty, bases] = ['tmp', 'leases', 'empty', 'bases'].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ];
  const me = await thisProcess();
  const lease = join(leases, `${me}-${randomBytes(8).toString('hex')}`);
  const mine = new Set<string>();
  try {
    for (const dir of [temporary, leases, empty, bases]) makeFolders(dir);
    writeFileSync(lease, '', { flag: 'wx' });
  } catch (error) {
    throw fromErrno(error, `cannot keep snapshots in ${root}`);
  }
  const boot = bootId();
  const pathOf = (name: string): string => join(root, name);
  const deadIn = async (dir: string): Promise<string[]> => {
    const dead: string[] = [];
    for (const name of readdirSync(dir)) {
      const path = join(dir, name);
      const modified = modifiedAt(path);
      if (modified !== undefined && (await isAlive(name, Date.now() - modified)) !== true) dead.push(path);
    }
    return dead;
  };
  return {
    root,
    lock: join(root, 'lock'),
    temporary,
    empty,
    bases,
    pathOf,
    temporaryName: () => join(temporary, `${me}-${randomBytes(8).toString('hex')}`),
    made: (name) => {
      const made = readMade(join(pathOf(name), MADE));
      return made?.boot === boot ? made : undefined;
    },
    markMade: (dir, bytes) => writeFileSync(join(dir, MADE), JSON.stringify({ boot, bytes } satisfies Made)),
    touch: (name) => {
      const now = new Date();
      utimesSync(join(pathOf(name), MADE), now, now);
    },
    names: () =>
      readdirSync(root)
        .filter((name) => NAME.test(name))
        .map((name) => ({ name, used: modifiedAt(join(root, name, MADE)) ?? 0 }))
        .sort((a, b) => a.used - b.used)
        .map(({ name }) => name),
    hold: (name) => {
      if (mine.has(name)) return;
      appendFileSync(lease, `${name}\n`);
      mine.add(name);
    },
    isHeldHere: (name) => mine.has(name),
    release: () => rmSync(lease, { force: true }),
    held: async () => {
      const held = new Set<string>();
      for (const name of readdirSync(leases)) {
        const modified = modifiedAt(join(leases, name));
        if (modified === undefined || (await isAlive(name, Date.now() - modified)) !== true) continue;
        for (const line of textOf(join(leases, name)).split('\n')) held.add(line);
      }
      return held;
    },
    leftovers: async () => [...(await deadIn(temporary)), ...(await deadIn(leases))],
  };
}

/** Makes a folder for what is being made. */
export function makeTemporary(folder: SnapshotFolder): string {
  const dir = folder.temporaryName();
  try {
    mkdirSync(dir);
    return dir;
  } catch (error) {
    throw fromErrno(error, `cannot make ${dir}`);
  }
}

/** Changes with every start of the machine; empty where the kernel does not tell. */
export function bootId(): string {
  return textOf('/proc/sys/kernel/random/boot_id').trim();
}

function readMade(file: string): Made | undefined {
  try {
    const made = JSON.parse(textOf(file)) as Partial<Made>;
    return typeof made.boot === 'string' && typeof made.bytes === 'number'
      ? { boot: made.boot, bytes: made.bytes }
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return '';
    throw error;
  }
}

function modifiedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
