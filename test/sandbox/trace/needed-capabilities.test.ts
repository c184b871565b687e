import { expect, it } from 'vitest';
import { neededCapabilities } from '../../../src/sandbox/index.ts';

it.each([
  ['root that only reads', { syscalls: ['openat'], ports: [], uid: 0 }, ['CAP_DAC_OVERRIDE']],
  [
    'root that serves port 80',
    { syscalls: ['socket'], ports: [80, 8080], uid: 0 },
    ['CAP_DAC_OVERRIDE', 'CAP_NET_BIND_SERVICE', 'CAP_NET_RAW', 'CAP_AUDIT_WRITE'],
  ],
  [
    'root that becomes somebody else',
    { syscalls: ['setresuid', 'setgroups', 'setgid'], ports: [8080], uid: 0 },
    ['CAP_DAC_OVERRIDE', 'CAP_SETGID', 'CAP_SETUID'],
  ],
  [
    'root that gives files away',
    { syscalls: ['fchownat'], ports: [], uid: 0 },
    ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID'],
  ],
  [
    'root that does all',
    { syscalls: ['mknod', 'chroot', 'kill', 'setxattr', 'capset'], ports: [], uid: 0 },
    ['CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_KILL', 'CAP_SETPCAP', 'CAP_SYS_CHROOT', 'CAP_MKNOD', 'CAP_SETFCAP'],
  ],
  ['a user', { syscalls: ['fchownat', 'setresuid', 'socket', 'kill'], ports: [8080], uid: 1000 }, []],
  ['a user on port 443', { syscalls: ['socket'], ports: [443], uid: 1000 }, ['CAP_NET_BIND_SERVICE']],
])('%s', (_who, options, expected) => {
  expect(neededCapabilities(options)).toEqual(expected);
});
