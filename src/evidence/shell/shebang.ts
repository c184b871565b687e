import type { ByteString } from '../../base/path.ts';

/** What the kernel starts for a script: the program, and all that follows as one argument. */
export interface Shebang {
  readonly interpreter: ByteString;
  readonly argument?: ByteString;
}

/** Bytes of a file that the kernel looks at (BINPRM_BUF_SIZE, include/uapi/linux/binfmts.h, since Linux 5.1). */
const HEAD_BYTES = 256;

/** The first line of a script as Linux reads it (fs/binfmt_script.c, load_script); undefined when it would not start it. */
export function parseShebang(head: Uint8Array): Shebang | undefined {
  if (head[0] !== 0x23 || head[1] !== 0x21) return undefined;
  const text = Buffer.from(head.subarray(0, HEAD_BYTES)).toString('latin1');
  const newline = text.indexOf('\n');
  const complete = newline !== -1 || head.length < HEAD_BYTES;
  const line = text.slice(2, newline === -1 ? HEAD_BYTES - 1 : newline).split('\0', 1)[0] as string;
  const [, name = '', rest = ''] = /^[ \t]*([^ \t]*)(.*)$/s.exec(line) ?? [];
  // A name that is cut off could be the name of another program.
  if (name === '' || (!complete && rest === '')) return undefined;
  const argument = rest.replace(/^[ \t]+|[ \t]+$/g, '');
  return { interpreter: name, ...(argument !== '' && { argument }) };
}
