import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { allowedSyscalls } from '../../../src/sandbox/seccomp.ts';
import { WATCHED_SYSCALLS } from '../../../src/sandbox/trace/path-syscalls.ts';
import { HOT_SYSCALLS } from '../../../src/sandbox/trace/start-up-syscalls.ts';
import {
  AUDIT_ARCHITECTURES,
  showNumber,
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

/** SCMP_ARCH_X32: AUDIT_ARCH_X86_64 without the bit that says 64. */
const X32 = 0x4000_003e;

it.skipIf(resolve === undefined)('libseccomp knows the calls of x32 by the same numbers', () => {
  const own = [...syscallNames('x86_64')].filter(([number]) => number - X32_BIT >= 512);
  expect(own).toHaveLength(36);
  expect(own.map(([, call]) => [resolve?.(X32, call), call])).toEqual(own);
});

it('names what it does not know by number and machine', () => {
  expect(showNumber(AUDIT_ARCHITECTURES.x86_64, 9999)).toBe('number 9999 of x86_64');
  expect(showNumber(AUDIT_ARCHITECTURES.x86_64, X32_BIT + 600)).toBe('number 600 of x32');
  expect(showNumber(AUDIT_ARCHITECTURES.arm, 983_050)).toBe('number 983050 of arm');
  expect(showNumber(0x1234, 1)).toBe('number 1 of architecture 0x1234');
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
