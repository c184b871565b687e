/** Addresses of IPv4, as numbers; both ends belong to it. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
}

/** A network of two: this machine, and a namespace. */
export interface Subnet {
  /** `10.231.4.0/30`. */
  readonly text: string;
  readonly range: AddressRange;
  /** Of this machine. */
  readonly gateway: string;
  /** Of the namespace. */
  readonly address: string;
}

export const SUBNET_BITS = 30;
const SUBNET_SIZE = 4;

/** Where subnets come from, in this order: private ones (RFC 1918) that few people use, then the range of RFC 2544, which no network outside has. */
const BLOCKS: readonly string[] = ['10.231.0.0/16', '172.28.0.0/16', '192.168.231.0/24', '198.18.0.0/15'];

/** `10.1.2.3` or `10.1.0.0/16`; undefined for everything else. */
export function parseRange(text: string): AddressRange | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  const bytes = match?.slice(1, 5).map(Number);
  const bits = Number(match?.[5] ?? 32);
  if (bytes === undefined || bytes.some((byte) => byte > 255) || bits > 32) return undefined;
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 ** (32 - bits);
  const first = address - (address % size);
  return { first, last: first + size - 1 };
}

export function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

export const isLoopback = (range: AddressRange): boolean => range.first >>> 24 === 127;

/** The first that overlaps nothing of what is taken; where the search begins is the caller's choice, so that those of several processes lie apart. */
export function freeSubnet(taken: readonly AddressRange[], start: number): Subnet | undefined {
  for (const block of BLOCKS) {
    const { first, last } = parseRange(block) as AddressRange;
    const count = (last + 1 - first) / SUBNET_SIZE;
    for (let tried = 0; tried < count; tried++) {
      const at = first + ((start + tried) % count) * SUBNET_SIZE;
      const range = { first: at, last: at + SUBNET_SIZE - 1 };
      const blocker = taken.find((other) => other.first <= range.last && range.first <= other.last);
      if (blocker === undefined)
        return {
          text: `${addressText(at)}/${SUBNET_BITS}`,
          range,
          gateway: addressText(at + 1),
          address: addressText(at + 2),
        };
      // The whole block is somebody's.
      if (blocker.first <= first && blocker.last >= last) break;
    }
  }
  return undefined;
}
