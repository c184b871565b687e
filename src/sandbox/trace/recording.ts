import { bytesOfText, compareBytes, textOfBytes, type ByteString } from '../../base/path.ts';
import { HOT_SYSCALLS } from './start-up-syscalls.ts';
import type { Access, Observation, ObservedPath, Progress } from './types.ts';

/** Different paths that are kept of one run. */
const MAX_PATHS = 200_000;
/** Bytes of all their names, and of all programs' names, that are kept. */
const MAX_NAME_BYTES = 48 * 1024 * 1024; // 48 MiB
/** Programs that are named for one path: the first ones. */
const MAX_PROGRAMS_OF_PATH = 16;
const MAX_PROGRAMS = 10_000;
const MAX_PHASES = 10_000;
const ACCESSES: readonly Access[] = ['chdir', 'exec', 'list', 'open', 'readlink', 'remove', 'stat', 'watch', 'write'];
const BITS = Object.fromEntries(ACCESSES.map((how, index) => [how, 1 << index])) as Readonly<Record<Access, number>>;

/** Who asks when nobody of the container does: the runtime that starts its first program. */
export const NO_PROGRAM = -1;

export interface Recording {
  /** @param program from `program()`, or NO_PROGRAM */
  path(path: ByteString, how: Access, program: number): void;
  /** The number under which an executable is kept. */
  program(path: ByteString): number;
  port(port: number): void;
  syscall(name: string): void;
  /** Everything first seen from now on belongs to this phase. */
  mark(phase: string): void;
  /** Remembers why something is missing; the first reason is kept. */
  lacks(reason: string): void;
  progress(): Progress;
  result(): Observation;
}

interface Entry {
  how: number;
  readonly by: number[];
  readonly phase: number;
}

/** Collects what was seen. Bounded whatever the traced processes do: beyond the caps it keeps no more, and says so. */
export function recording(options: { readonly syscalls: boolean }): Recording {
  const paths = new Map<ByteString, Entry>();
  const programs = new Map<ByteString, number>();
  const ports = new Set<number>();
  const syscalls = new Set<string>(HOT_SYSCALLS);
  const phases = ['start'];
  let phase = 0;
  let bytes = 0;
  let newest = performance.now();
  let incomplete: string | undefined;
  const lacks = (reason: string): void => {
    incomplete ??= reason;
  };
  return {
    path(path, how, program) {
      let entry = paths.get(path);
      if (entry === undefined) {
        if (paths.size >= MAX_PATHS || bytes + path.length > MAX_NAME_BYTES) {
          lacks(`more than ${paths.size} different paths were asked for`);
          return;
        }
        bytes += path.length;
        entry = { how: 0, by: [], phase };
        paths.set(path, entry);
        newest = performance.now();
      }
      entry.how |= BITS[how];
      if (program !== NO_PROGRAM && !entry.by.includes(program) && entry.by.length < MAX_PROGRAMS_OF_PATH)
        entry.by.push(program);
    },
    program(path) {
      const known = programs.get(path);
      if (known !== undefined) return known;
      if (programs.size >= MAX_PROGRAMS || bytes + path.length > MAX_NAME_BYTES) return NO_PROGRAM;
      bytes += path.length;
      programs.set(path, programs.size);
      return programs.size - 1;
    },
    port: (port) => void ports.add(port),
    syscall: (name) => void syscalls.add(name),
    mark(name) {
      const known = phases.indexOf(name);
      if (known !== -1) phase = known;
      else if (phases.length >= MAX_PHASES) lacks(`more than ${MAX_PHASES} phases were marked`);
      else phase = phases.push(name) - 1;
    },
    lacks,
    progress: () => ({ paths: paths.size, quietMs: Math.round(performance.now() - newest) }),
    result() {
      const names = [...programs.keys()];
      const observed = [...paths].map(([path, { by, how, phase: first }]): ObservedPath => ({
        path,
        how: ACCESSES.filter((access) => (how & BITS[access]) !== 0),
        by: by.map((index) => names[index] ?? '').sort(compareBytes),
        phase: phases[first] ?? '',
      }));
      return {
        paths: observed.sort((a, b) => compareBytes(a.path, b.path)),
        ports: [...ports].sort((a, b) => a - b),
        ...(options.syscalls ? { syscalls: [...syscalls].sort(compareBytes) } : {}),
        ...(incomplete === undefined ? {} : { incomplete }),
      };
    },
  };
}

const END = '\0';

/**
 * An observation as bytes, for the way between two processes: fields that each end in NUL, which no path holds. JSON would take the text
 * of a path apart. In pieces of moderate size.
 */
export function* encodeObservation(observation: Observation): Generator<Buffer> {
  const { incomplete, paths, ports, syscalls } = observation;
  yield fields(bytesOfText(incomplete ?? ''), ports.join(','), syscalls?.join(',') ?? '-');
  for (const { by, how, path, phase } of paths)
    yield fields(path, how.join(','), bytesOfText(phase), String(by.length), ...by);
}

const fields = (...texts: readonly ByteString[]): Buffer => Buffer.from(texts.join(END) + END, 'latin1');

export function decodeObservation(bytes: Buffer): Observation {
  let at = 0;
  // One by one: splitting 100 MB at once would hold everything twice.
  const next = (): ByteString => {
    const end = bytes.indexOf(0, at);
    const text = bytes.toString('latin1', at, end === -1 ? bytes.length : end);
    at = end === -1 ? bytes.length : end + 1;
    return text;
  };
  const list = (text: string): string[] => (text === '' ? [] : text.split(','));
  const incomplete = textOfBytes(next());
  const ports = list(next()).map(Number);
  const syscalls = next();
  const paths: ObservedPath[] = [];
  while (at < bytes.length) {
    const [path, how, phase] = [next(), list(next()) as Access[], textOfBytes(next())];
    const by = Array.from({ length: Number(next()) }, next);
    paths.push({ path, how, by, phase });
  }
  return {
    paths,
    ports,
    ...(syscalls === '-' ? {} : { syscalls: list(syscalls) }),
    ...(incomplete === '' ? {} : { incomplete }),
  };
}
