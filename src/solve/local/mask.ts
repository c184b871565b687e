type Stream = 'stdout' | 'stderr';

/** What stands for a secret. */
const MASK = Buffer.from('•••');
/** Shorter ones would mask every other word. */
const MIN_SECRET_BYTES = 4;
/** Longer lines are passed on in pieces; a secret across the border of two is still found. */
const MAX_HELD_BYTES = 64 * 1024; // 64 KiB

/** Passes output on without the secrets that a process may print: whole, and each of their lines. */
export function maskSecrets(
  secrets: readonly Uint8Array[],
  pass: (stream: Stream, bytes: Uint8Array) => void,
): { readonly write: (stream: Stream, bytes: Uint8Array) => void; readonly end: () => void } {
  const words = wordsOf(secrets);
  if (words.length === 0) return { write: pass, end: () => undefined };
  const longest = Math.max(...words.map((word) => word.length));
  const held: Record<Stream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  const flush = (stream: Stream, whole: boolean): void => {
    const masked = words.reduce((bytes, word) => replaced(bytes, word), held[stream]);
    const lineEnd = masked.lastIndexOf(0x0a) + 1;
    const cut = whole ? masked.length : Math.max(lineEnd, masked.length > MAX_HELD_BYTES ? masked.length - longest : 0);
    if (cut > 0) pass(stream, masked.subarray(0, cut));
    held[stream] = masked.subarray(cut);
  };
  return {
    write: (stream, bytes) => {
      held[stream] = Buffer.concat([held[stream], bytes]);
      flush(stream, false);
    },
    end: () => {
      flush('stdout', true);
      flush('stderr', true);
    },
  };
}

function wordsOf(secrets: readonly Uint8Array[]): Buffer[] {
  // Line ends around a secret are not part of what has to be hidden.
  const words = secrets.flatMap((secret) => {
    const text = Buffer.from(secret).toString('latin1').trim();
    return [text, ...text.split(/[\r\n]+/)].map((line) => Buffer.from(line.trim(), 'latin1'));
  });
  const long = words.filter((word) => word.length >= MIN_SECRET_BYTES);
  return long.sort((a, b) => b.length - a.length);
}

function replaced(bytes: Buffer, word: Buffer): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(word); at !== -1; at = bytes.indexOf(word, from)) {
    parts.push(bytes.subarray(from, at), MASK);
    from = at + word.length;
  }
  return from === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)]);
}
