import type { ByteString } from '../../base/path.ts';

/** What the dynamic string tokens of one object stand for. */
export interface TokenValues {
  readonly origin: ByteString;
  /** `$LIB`: `lib`, `lib64` or `lib/x86_64-linux-gnu`. */
  readonly lib: ByteString;
  /** `$PLATFORM` on the plainest CPU first, then on better ones. */
  readonly platforms: readonly ByteString[];
}

/** A search folder; `special` when only some CPUs look there. */
export interface SearchFolder {
  readonly text: ByteString;
  readonly special: boolean;
}

const TOKEN = /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM))/g;

/** Expands as glibc does (elf/dl-load.c, _dl_dst_substitute): unknown tokens stay as they are. More than one result only for `$PLATFORM`. */
export function expandTokens(text: ByteString, values: TokenValues): SearchFolder[] {
  const withPlatform = (platform: ByteString): ByteString =>
    text.replace(TOKEN, (_all, curly: string | undefined, bare: string | undefined) => {
      const name = curly ?? bare;
      if (name === 'ORIGIN') return values.origin;
      return name === 'LIB' ? values.lib : platform;
    });
  const texts = new Set(values.platforms.map(withPlatform));
  return [...texts].map((expanded, index) => ({ text: expanded, special: index > 0 }));
}

/** Expands a whole search path as musl does (ldso/dynlink.c, fixup_rpath): only `$ORIGIN`, and any other '$' voids all of it. */
export function expandMuslTokens(folders: readonly ByteString[], origin: ByteString): ByteString[] {
  const known = /\$(?:\{ORIGIN\}|ORIGIN)/g;
  if (folders.some((folder) => folder.replace(known, '').includes('$'))) return [];
  return folders.map((folder) => folder.replace(known, () => origin)).filter((folder) => folder !== '');
}
