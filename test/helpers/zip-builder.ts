import { deflateRawSync } from 'node:zlib';

export interface ZipRecipe {
  readonly comment?: string;
  readonly zip64?: boolean;
  /** Wrong on purpose. */
  readonly headerOffset?: number;
  readonly directorySize?: number;
  readonly members?: number;
  readonly end64At?: number;
}

/** A ZIP archive in memory; long members are deflated. Checksums are left out: nobody here looks at them. */
export function buildZip(files: Readonly<Record<string, string | Uint8Array>>, recipe: ZipRecipe = {}): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content as Uint8Array);
    const method = bytes.length > 100 ? 8 : 0;
    const data = method === 8 ? deflateRawSync(bytes) : bytes;
    const nameBytes = Buffer.from(name, 'latin1');
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(nameBytes.length, 26);
    locals.push(local, nameBytes, data);
    entries.push(
      entryOf({
        nameBytes,
        method,
        data,
        size: bytes.length,
        at: recipe.headerOffset ?? offset,
        zip64: recipe.zip64 === true,
      }),
    );
    offset += 30 + nameBytes.length + data.length;
  }
  const directory = Buffer.concat(entries);
  const count = recipe.members ?? Object.keys(files).length;
  const parts = [...locals, directory];
  if (recipe.zip64 === true) {
    const end64 = Buffer.alloc(56 + 20);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(BigInt(count), 32);
    end64.writeBigUInt64LE(BigInt(recipe.directorySize ?? directory.length), 40);
    end64.writeBigUInt64LE(BigInt(offset), 48);
    end64.writeUInt32LE(0x07064b50, 56);
    end64.writeBigUInt64LE(BigInt(recipe.end64At ?? offset + directory.length), 64);
    if (recipe.end64At !== undefined) end64.writeUInt32LE(0, 0);
    parts.push(end64);
  }
  const comment = Buffer.from(recipe.comment ?? '', 'latin1');
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(recipe.directorySize ?? directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, end, comment]);
}

interface EntryRecipe {
  readonly nameBytes: Buffer;
  readonly method: number;
  readonly data: Buffer;
  readonly size: number;
  readonly at: number;
  readonly zip64: boolean;
}

function entryOf({ at, data, method, nameBytes, size, zip64 }: EntryRecipe): Buffer {
  const entry = Buffer.alloc(46);
  const extra = Buffer.alloc(zip64 ? 28 : 0);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(method, 10);
  entry.writeUInt32LE(zip64 ? 0xffffffff : data.length, 20);
  entry.writeUInt32LE(zip64 ? 0xffffffff : size, 24);
  entry.writeUInt16LE(nameBytes.length, 28);
  entry.writeUInt16LE(extra.length, 30);
  entry.writeUInt32LE(zip64 ? 0xffffffff : at, 42);
  if (zip64) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(size), 4);
    extra.writeBigUInt64LE(BigInt(data.length), 12);
    extra.writeBigUInt64LE(BigInt(at), 20);
  }
  return Buffer.concat([entry, nameBytes, extra]);
}
