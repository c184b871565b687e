import type { ByteString } from '../../base/path.ts';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };

/** The bytes of a quoted string; undefined for anything else (NULL, an address that could not be read), and for one that is cut. */
export function stringValue(text: string): ByteString | undefined {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return undefined;
  return unescaped(text.slice(1, -1));
}

/** What a descriptor is, of `3</etc/passwd>`, `AT_FDCWD</root>` and `4<socket:[123]>`; undefined without one, and for a path that is deleted. */
export function descriptorValue(text: string): ByteString | undefined {
  const match = /^(?:AT_FDCWD|\d+)<([^>]*)>(.*)$/s.exec(text);
  if (match === null || match[2] !== '') return undefined;
  const value = unescaped(match[1] ?? '');
  // Older versions leave the kernel's word inside; a name that really ends so cannot be told apart.
  return value.endsWith(' (deleted)') ? undefined : value;
}

/** The thread that clone, fork or vfork made, as strace sees it; undefined when it failed. */
export function createdThread(result: string): number | undefined {
  const translated = /\/\* (\d+) in strace's PID NS \*\//.exec(result)?.[1];
  const number = translated ?? /^(\d+)/.exec(result)?.[1];
  return number === undefined || number === '0' ? undefined : Number(number);
}

/** One field of a structure, as written: `sun_path` of `{sa_family=AF_UNIX, sun_path="/x"}`. */
export function fieldValue(structure: string, name: string): string | undefined {
  const at = structure.search(new RegExp(`[{ ]${name}=`));
  if (at === -1) return undefined;
  const rest = structure.slice(at + name.length + 2);
  return /^@?"(?:[^"\\]|\\.)*"|^[^,}]*/s.exec(rest)?.[0];
}

function unescaped(text: string): ByteString {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([0-7]{1,3}|x[0-9a-f]{2}|.)/gs, (_all, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    if (/^x[0-9a-f]{2}$/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return ESCAPES[code] ?? code;
  });
}
