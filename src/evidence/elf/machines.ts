import type { ByteString } from '../../base/path.ts';
import type { ElfFile } from '../../formats/elf/index.ts';

/** What the builders of C libraries fix per machine: names that no file of the tree states. */
interface MachineNames {
  /** Debian's multiarch folder below /lib and /usr/lib. */
  readonly multiarch?: ByteString;
  /** glibc's interpreter, most usual first. */
  readonly glibc: readonly ByteString[];
  /** ARCH of musl's `/lib/ld-musl-ARCH.so.1`. */
  readonly musl: readonly ByteString[];
  /** AT_PLATFORM, or what glibc puts in its place; plainest first. */
  readonly platforms: readonly ByteString[];
}

const NAMES: Readonly<Record<string, MachineNames>> = {
  'x86_64/64/little': {
    multiarch: 'x86_64-linux-gnu',
    glibc: ['/lib64/ld-linux-x86-64.so.2'],
    musl: ['x86_64'],
    platforms: ['x86_64', 'haswell', 'xeon_phi'],
  },
  'x86_64/32/little': {
    multiarch: 'x86_64-linux-gnux32',
    glibc: ['/libx32/ld-linux-x32.so.2'],
    musl: ['x32'],
    platforms: ['x86_64', 'haswell', 'xeon_phi'],
  },
  'i386/32/little': {
    multiarch: 'i386-linux-gnu',
    glibc: ['/lib/ld-linux.so.2'],
    musl: ['i386'],
    platforms: ['i386', 'i486', 'i586', 'i686'],
  },
  'aarch64/64/little': {
    multiarch: 'aarch64-linux-gnu',
    glibc: ['/lib/ld-linux-aarch64.so.1'],
    musl: ['aarch64'],
    platforms: ['aarch64'],
  },
  'arm/32/little': {
    multiarch: 'arm-linux-gnueabihf',
    glibc: ['/lib/ld-linux-armhf.so.3', '/lib/ld-linux.so.3'],
    musl: ['armhf', 'arm'],
    platforms: ['v6l', 'v7l'],
  },
  's390x/64/big': {
    multiarch: 's390x-linux-gnu',
    glibc: ['/lib/ld64.so.1', '/lib64/ld64.so.1'],
    musl: ['s390x'],
    platforms: ['s390x', 'z13', 'z14', 'z15', 'z16'],
  },
  'powerpc64/64/little': {
    multiarch: 'powerpc64le-linux-gnu',
    glibc: ['/lib64/ld64.so.2'],
    musl: ['powerpc64le'],
    platforms: ['power8', 'power9', 'power10'],
  },
  'powerpc64/64/big': {
    multiarch: 'powerpc64-linux-gnu',
    glibc: ['/lib64/ld64.so.1'],
    musl: ['powerpc64'],
    platforms: ['power8', 'power9'],
  },
  'riscv/64/little': {
    multiarch: 'riscv64-linux-gnu',
    glibc: ['/lib/ld-linux-riscv64-lp64d.so.1', '/lib/ld-linux-riscv64-lp64.so.1'],
    musl: ['riscv64'],
    platforms: ['riscv64'],
  },
  'loongarch/64/little': {
    multiarch: 'loongarch64-linux-gnu',
    glibc: ['/lib64/ld-linux-loongarch-lp64d.so.1'],
    musl: ['loongarch64'],
    platforms: ['loongarch64'],
  },
};

export function machineNames(elf: ElfFile): MachineNames {
  const known = NAMES[`${elf.machineName}/${elf.class}/${elf.endian}`];
  return known ?? { glibc: [], musl: [elf.machineName], platforms: [elf.machineName] };
}

/** Whether one process can hold both. */
export function sameMachine(a: ElfFile, b: ElfFile): boolean {
  return a.machine === b.machine && a.class === b.class && a.endian === b.endian;
}

/** Where glibc looks at last, when its own binary does not tell: multiarch folders first, then those of distributions without them. */
export function usualFolders(elf: ElfFile): ByteString[] {
  const { multiarch } = machineNames(elf);
  const arch = multiarch === undefined ? [] : [`/lib/${multiarch}`, `/usr/lib/${multiarch}`];
  const wide = elf.class === 64 ? ['/lib64', '/usr/lib64'] : [];
  return [...arch, ...wide, '/lib', '/usr/lib'];
}
