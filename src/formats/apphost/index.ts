import type { ByteString } from '../../base/path.ts';

/**
 * What every executable that the .NET SDK makes for an application carries in its data, right behind the eight bytes that say where the
 * header of the bundle is: the SHA-256 of ".net core bundle\n" (dotnet/runtime,
 * src/native/corehost/apphost/bundle_marker.cpp).
 */
const BUNDLE_SIGNATURE = Buffer.from('8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae', 'hex');
/** The room for the name of the application, in bytes with its NUL. */
const MAX_NAME_BYTES = 1024;
/** Names of one executable that are believed. */
const MAX_NAMES = 64;

export interface AppHost {
  /** Where in the file the bundle's header is, in bytes; 0 when the application lies beside the executable instead of in it. */
  readonly bundleOffset: bigint;
  /** Texts that may name the application's assembly, relative to the executable; in file order, each once. */
  readonly assemblies: readonly ByteString[];
}

/** Recognises the host of a .NET application by the data of an executable (its writable segments). Undefined when it is none. */
export function readAppHost(data: Uint8Array): AppHost | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const at = bytes.indexOf(BUNDLE_SIGNATURE);
  if (at < 8) return undefined;
  return { bundleOffset: bytes.readBigUInt64LE(at - 8), assemblies: assembliesIn(bytes) };
}

function assembliesIn(bytes: Buffer): ByteString[] {
  const names = new Set<ByteString>();
  const ending = Buffer.from('.dll\0', 'latin1');
  for (let at = bytes.indexOf(ending); at !== -1 && names.size < MAX_NAMES; at = bytes.indexOf(ending, at + 1)) {
    const start = bytes.lastIndexOf(0, at) + 1;
    if (at + 4 - start < MAX_NAME_BYTES) names.add(bytes.toString('latin1', start, at + 4));
  }
  return [...names];
}
