import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Kernel } from '../../../src/sandbox/trace/kernel.ts';
import { notificationHandler } from '../../../src/sandbox/trace/notifications.ts';
import { tracedProcesses } from '../../../src/sandbox/trace/processes.ts';
import { recording } from '../../../src/sandbox/trace/recording.ts';
import { straceObserver } from '../../../src/sandbox/trace/strace-observer.ts';
import { AUDIT_ARCHITECTURES, X32_BIT } from '../../../src/sandbox/trace/syscall-numbers.ts';
import { needs } from '../../helpers/needs.ts';
import { nodeSpec, sandboxIn } from '../../helpers/sandboxes.ts';
import { canBuild, makeTraceRoot } from '../../helpers/trace-root.ts';

const EXECVE = 59;

/** A kernel that tells of these calls of x86-64, one after the other; of their processes it knows nothing. */
function kernelOf(numbers: readonly number[]): Kernel {
  let at = -1;
  return {
    notification: {
      tid: () => 0,
      number: () => numbers[at] ?? 0,
      arch: () => AUDIT_ARCHITECTURES.x86_64,
      int: () => 0,
      isNull: () => true,
    },
    receive: () => (at += 1) < numbers.length,
    proceed: () => true,
    listen: () => 0,
    accept: () => -1,
    receiveDescriptors: () => undefined,
    wakeOnSameCpu: () => undefined,
    stringAt: () => undefined,
    bytesAt: () => undefined,
    unpackArguments: () => false,
    denied: () => false,
    readLink: () => undefined,
    poll: () => [],
    close: () => undefined,
  };
}

it.each([
  [9999, 'number 9999 of x86_64'],
  [600 + X32_BIT, 'number 600 of x32'],
])('a call whose number is not in the table makes an observation incomplete: %i', (number, told) => {
  const seen = (numbers: readonly number[]) => {
    const kernel = kernelOf(numbers);
    const record = recording({ syscalls: false });
    const handle = notificationHandler({
      kernel,
      recording: record,
      processes: tracedProcesses(kernel, record),
      syscalls: false,
    });
    const listener = { fd: 0, started: false };
    while (handle(listener));
    return record.result();
  };
  expect(seen([EXECVE, number]).incomplete).toBe(`a system call is not known, ${told}`);
  // The runtime's own calls are not the container's.
  expect(seen([number, EXECVE]).incomplete).toBeUndefined();
});

it('the same for a call that strace has no name for', () => {
  const record = recording({ syscalls: true });
  const observer = straceObserver({ cwd: '/', phaseAt: () => 'start', recording: record, spec: { syscalls: true } });
  observer.line('7 1.000000 syscall_0x1f3(0x1) = -1 ENOSYS (Function not implemented)');
  observer.line('7 1.000000 pivot_root(".", ".") = 0');
  observer.line('7 1.000001 execve("/bin/x", ["x"], 0x1 /* 2 vars */) = 0');
  expect(record.result().incomplete).toBeUndefined();
  observer.line('7 1.000002 syscall_0x1f4(0x1, 0x2) = -1 ENOSYS (Function not implemented)');
  const { incomplete, syscalls } = record.result();
  expect(incomplete).toBe('a system call is not known, number 0x1f4');
  expect(syscalls).not.toContain('syscall_0x1f4');
});

const WAYS = [
  { runtime: 'crun', tracer: 'notify' },
  { runtime: 'crun', tracer: 'strace' },
] as const;
const buildable = process.arch === 'x64' && canBuild('static');

describe.skipIf(!buildable || !needs('crun', 'strace'))('calls of the x32 interface', () => {
  let root: ReturnType<typeof makeTraceRoot> | undefined;
  beforeAll(() => {
    root = makeTraceRoot([['x32', 'static']]);
  });
  afterAll(() => root?.remove());

  it.each(WAYS)('are seen as what they are, with $tracer', async ({ runtime, tracer }) => {
    const { sandbox } = await sandboxIn({ runtime, tracer });
    const running = await sandbox.start(nodeSpec(root?.dir ?? '', '', { args: ['/p/x32'], trace: { syscalls: true } }));
    expect(await running.wait()).toEqual({ code: 0 });
    const { incomplete, paths, syscalls } = await running.observation();
    expect(paths.find(({ path }) => path === '/p/x32-open')).toMatchObject({ how: ['open'], by: ['/p/x32'] });
    expect(syscalls).toEqual(expect.arrayContaining(['openat', 'waitid']));
    expect(incomplete).toBeUndefined();
  });
});
