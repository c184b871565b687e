export interface CacheRecipe {
  readonly endian: 'little' | 'big';
  readonly entries: readonly {
    readonly name: string;
    readonly path: string;
    readonly flags: number;
    readonly hwcap?: string;
    readonly legacy?: true;
  }[];
  /** Leaves the byte order out of the header, as ldconfig did before glibc 2.33. */
  readonly unmarked?: boolean;
  /** Of the newer table behind an old one. */
  readonly align?: 4 | 8;
}

/** An `/etc/ld.so.cache` with the header `glibc-ld.so.cache1.1`, to be placed at `base` of its file. */
export function newCache({ endian, entries, unmarked }: CacheRecipe, base = 0): Buffer {
  const put = writerFor(endian);
  const names = namesFrom(48 + entries.length * 24);
  const hwcaps = [...new Set(entries.flatMap((entry) => entry.hwcap ?? []))];
  const table = entries.map((entry) => {
    const index = entry.hwcap === undefined ? 0 : hwcaps.indexOf(entry.hwcap);
    const high = entry.hwcap === undefined ? 0 : 0x40000000;
    const low = entry.legacy === true ? 0x10 : index;
    const mask = endian === 'little' ? [low, high] : [high, low];
    return put([entry.flags, names.add(entry.name), names.add(entry.path), 0, ...mask]);
  });
  const hwcapNames = hwcaps.map((name) => names.add(name));
  const size = 48 + entries.length * 24 + names.bytes().length;
  const padding = Buffer.alloc((4 - (size % 4)) % 4);
  const extension = size + padding.length;
  const order = unmarked === true ? 0 : endian === 'little' ? 2 : 3;
  return Buffer.concat([
    Buffer.from('glibc-ld.so.cache1.1'),
    put([entries.length, names.bytes().length]),
    Buffer.from([order, 0, 0, 0]),
    put([hwcaps.length === 0 ? 0 : base + extension, 0, 0, 0]),
    ...table,
    names.bytes(),
    padding,
    put([0xeaa42174, 1, 1, 0, base + extension + 24, hwcapNames.length * 4]),
    put(hwcapNames),
  ]);
}

/** One with the header `ld.so-1.7.0`, and perhaps a newer table behind it. */
export function oldCache({ endian, entries, align = 8 }: CacheRecipe, behind?: CacheRecipe): Buffer {
  const put = writerFor(endian);
  const names = namesFrom(0);
  // Names count from the end of the table, so those of the old one stand behind the newer table.
  const end = 16 + entries.length * 12;
  const padding = Buffer.alloc(behind === undefined ? 0 : (align - (end % align)) % align);
  const newer = behind === undefined ? undefined : newCache(behind, end + padding.length);
  const gap = padding.length + (newer?.length ?? 0);
  const table = entries.map((entry) => put([entry.flags, gap + names.add(entry.name), gap + names.add(entry.path)]));
  const head = [Buffer.from('ld.so-1.7.0\0'), put([entries.length])];
  return Buffer.concat([...head, ...table, padding, newer ?? Buffer.alloc(0), names.bytes()]);
}

function writerFor(endian: 'little' | 'big'): (values: readonly number[]) => Buffer {
  return (values) => {
    const out = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) {
      if (endian === 'little') out.writeUInt32LE(value, index * 4);
      else out.writeUInt32BE(value, index * 4);
    }
    return out;
  };
}

function namesFrom(start: number): { add: (text: string) => number; bytes: () => Buffer } {
  let text = '';
  return {
    add: (name) => {
      const at = start + text.length;
      text += `${name}\0`;
      return at;
    },
    bytes: () => Buffer.from(text, 'latin1'),
  };
}
