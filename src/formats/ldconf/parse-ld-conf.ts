import type { ByteString } from '../../base/path.ts';

type LdConfLine = { readonly directory: ByteString } | { readonly include: ByteString };

/**
 * The lines of an `ld.so.conf`, in order, as glibc's ldconfig reads them (elf/ldconfig.c, parse_conf): `#` starts a comment, `include` takes
 * glob patterns (relative ones from the file's own folder), `hwcap` lines are history, all else is a folder, perhaps with an old `=TYPE`.
 */
export function parseLdConf(text: ByteString): LdConfLine[] {
  return text.split('\n').flatMap((raw): LdConfLine[] => {
    const line = (raw.split('#', 1)[0] as string).trim();
    const include = /^include[ \t]+(.*)$/.exec(line)?.[1];
    if (include !== undefined) return include.split(/[ \t]+/).map((pattern) => ({ include: pattern }));
    if (line === '' || /^(?:include|hwcap[ \t].*)$/.test(line)) return [];
    const directory = (line.split('=', 1)[0] as string).trimEnd();
    return directory.startsWith('/') ? [{ directory }] : [];
  });
}

/** The folders in `/etc/ld-musl-ARCH.path`, separated by new lines or colons; empty ones mean nothing (musl, ldso/dynlink.c, path_open). */
export function parseMuslPath(text: ByteString): ByteString[] {
  return (text.split('\0', 1)[0] as string).split(/[\n:]+/).filter((directory) => directory !== '');
}
