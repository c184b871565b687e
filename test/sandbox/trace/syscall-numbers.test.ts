import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { allowedSyscalls } from '../../../src/sandbox/seccomp.ts';
import { WATCHED_SYSCALLS } from '../../../src/sandbox/trace/path-syscalls.ts';
import { HOT_SYSCALLS } from '../../../src/sandbox/trace/start-up-syscalls.ts';
import {
  AUDIT_ARCHITECTURES,
  syscallNames,
  X32_BIT,
  type SyscallArchitecture,
} from '../../../src/sandbox/trace/syscall-numbers.ts';

const architectures = Object.keys(AUDIT_ARCHITECTURES) as SyscallArchitecture[];
/** Newer than the library may be. */
const FIRST_NEW_NUMBER = 451;
const SECCOMP_UNKNOWN = -1;

type Resolve = (arch: number, name: string) => number;

function libseccomp(): Resolve | undefined {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as { load(name: string): { func(text: string): Resolve } };
    return koffi.load('libseccomp.so.2').func('int seccomp_syscall_resolve_name_arch(uint32_t, const char *)');
  } catch (error) {
    if (process.env.TARE_TEST_STRICT === '1') throw error;
    return undefined;
  }
}
const resolve = libseccomp();

it.skipIf(resolve === undefined).each(architectures)('libseccomp knows the calls of %s by the same numbers', (name) => {
  const wrong: string[] = [];
  for (const [number, call] of syscallNames(name)) {
    if (number >= FIRST_NEW_NUMBER) continue;
    const theirs = resolve?.(AUDIT_ARCHITECTURES[name], call) ?? SECCOMP_UNKNOWN;
    // Below zero: i386 calls that once existed only within socketcall or ipc.
    if (theirs >= 0 && theirs !== number) wrong.push(`${call} ${number} ${theirs}`);
  }
  expect(wrong).toEqual([]);
});

it('has a number for each call that is asked about, on some machine', () => {
  const known = new Set(architectures.flatMap((name) => [...syscallNames(name).values()]));
  const asked = allowedSyscalls().map(({ name }) => name);
  expect(asked.filter((name) => !known.has(name) && !/^riscv_|^sync_file_range2$/.test(name))).toEqual([]);
  expect([...WATCHED_SYSCALLS].filter((name) => !known.has(name))).toEqual([]);
  expect([...HOT_SYSCALLS].filter((name) => !asked.includes(name))).toEqual([]);
});

it('tells x32 calls from those of 64 bits', () => {
  const names = syscallNames('x86_64');
  expect([names.get(59), names.get(257), names.get(520 + X32_BIT), names.get(257 + X32_BIT)]).toEqual([
    'execve',
    'openat',
    'execve',
    'openat',
  ]);
  expect(names.get(520)).toBeUndefined();
});
