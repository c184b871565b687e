import { describe, expect, it } from 'vitest';
import { containerCapabilities } from '../../src/sandbox/capabilities.ts';
import { seccompProfile } from '../../src/sandbox/seccomp.ts';

describe.each(['x64', 'arm64'])('the filter of %s', (arch) => {
  const profile = seccompProfile({ arch, singleId: false });
  const names = profile?.syscalls.map((rule) => rule.names).flat() ?? [];

  it('names every call in one list only', () => {
    const once = names.filter((name) => name !== 'personality');
    expect(once.filter((name, index) => once.indexOf(name) !== index)).toEqual([]);
    expect(names.filter((name) => !/^_?[a-z0-9_]+$/.test(name))).toEqual([]);
  });

  it('answers what it does not know with ENOSYS, and what it forbids with EPERM', () => {
    expect(profile).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38 });
    const refused = profile?.syscalls.find((rule) => rule.errnoRet === 1)?.names ?? [];
    for (const name of ['mount', 'unshare', 'setns', 'bpf', 'keyctl', 'reboot', 'io_uring_setup', 'open_by_handle_at'])
      expect(refused).toContain(name);
    expect(names).not.toContain('clone3');
  });

  it('knows both of the architecture’s tables', () => {
    expect(profile?.architectures.length).toBeGreaterThan(1);
  });

  it('pretends changes of owner where there is one id', () => {
    const single = seccompProfile({ arch, singleId: true });
    const pretended = single?.syscalls.find((rule) => rule.errnoRet === 0)?.names ?? [];
    expect(pretended).toContain('fchownat');
    expect(single?.syscalls.find((rule) => rule.action === 'SCMP_ACT_ALLOW')?.names).not.toContain('fchownat');
  });
});

it('has no table for other machines', () => {
  expect(seccompProfile({ arch: 'riscv64', singleId: false })).toBeUndefined();
});

it('asks for no capability that the machine does not have', () => {
  expect(containerCapabilities(0n)).toEqual([]);
  expect(containerCapabilities(0x1n)).toEqual(['CAP_CHOWN']);
  expect(containerCapabilities(~0n)).toHaveLength(14);
  expect(containerCapabilities(~0n)).not.toContain('CAP_SYS_ADMIN');
});
