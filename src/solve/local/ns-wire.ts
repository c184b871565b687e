import type { Warning } from '../../base/events.ts';
import type { SentError } from '../../base/thread-error.ts';
import type { JobName } from './ns-jobs.ts';

/** To the helper: a line of JSON each. */
export type Order =
  | { readonly id: number; readonly job: JobName; readonly given: unknown }
  | { readonly id: number; readonly cancel: true };

/** From it: warnings while a job is done, then what came of it. */
export type Answer =
  | { readonly id: number; readonly made: unknown }
  | { readonly id: number; readonly error: SentError }
  | { readonly id: number; readonly warning: Warning };

/** Marks what JSON has no word for: bytes in base64, and maps as lists of pairs. */
const BYTES = '$bytes';
const MAP = '$map';

export function encode(message: Order | Answer): string {
  return `${JSON.stringify(message, replace)}\n`;
}

/** `this` is the object that has the key: JSON has called toJSON of a Buffer already. */
function replace(this: unknown, key: string, value: unknown): unknown {
  const own = (this as Readonly<Record<string, unknown>>)[key];
  if (own instanceof Uint8Array)
    return { [BYTES]: Buffer.from(own.buffer, own.byteOffset, own.byteLength).toString('base64') };
  return own instanceof Map ? { [MAP]: [...own] } : value;
}

export function decode(line: string): unknown {
  return JSON.parse(line, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if (BYTES in value && typeof value[BYTES] === 'string') return Buffer.from(value[BYTES], 'base64');
    return MAP in value && Array.isArray(value[MAP]) ? new Map(value[MAP] as [unknown, unknown][]) : value;
  });
}

/** Cuts a stream into lines, each told once it is whole. */
export function lineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  let begun: Buffer[] = [];
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      onLine(Buffer.concat([...begun, chunk.subarray(start, end)]).toString('utf8'));
      begun = [];
      start = end + 1;
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
  };
}
