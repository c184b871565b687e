/** FLAG_ELF_LIBC6: all that modern caches hold. */
const LIBC6 = 0x0003;

/** FLAG_* bits 8-15 that mark the ABI (glibc, sysdeps/generic/ldconfig.h); several where one machine has several float ABIs. */
const ABIS: Readonly<Record<string, readonly number[]>> = {
  'x86_64/64': [0x0300],
  'x86_64/32': [0x0800],
  'i386/32': [0],
  'aarch64/64': [0x0a00],
  'arm/32': [0, 0x0900, 0x0b00],
  's390x/64': [0x0400],
  'powerpc64/64': [0x0500],
  'powerpc/32': [0],
  'riscv/64': [0x0f00, 0x1000],
  'loongarch/64': [0x1100, 0x1200],
  'mips/64': [0x0700, 0x0e00],
  'mips/32': [0, 0x0600, 0x0c00, 0x0d00],
  'sparc64/64': [0x0100],
  'ia64/64': [0x0200],
};

/** Whether a cache entry with these flags is meant for programs of this machine and class. True for machines that the table does not know. */
export function suitsAbi(flags: number, abi: { readonly machineName: string; readonly class: 32 | 64 }): boolean {
  const known = ABIS[`${abi.machineName}/${abi.class}`];
  return known === undefined || known.some((required) => flags === (required | LIBC6));
}
