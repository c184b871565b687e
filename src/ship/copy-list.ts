import { mapLimit } from '../base/concurrency.ts';
import { throwIfCancelled } from '../base/context.ts';
import type { ErrorCode } from '../base/error-codes.ts';
import { TareError } from '../base/error.ts';
import { createLanded } from '../transports/registry/landed.ts';
import { copy, type CopyHow, type CopyResult, type CopyTools } from './copy.ts';

export interface CopyLine {
  readonly source: string;
  readonly target: string;
}

/** What became of one line. */
export interface CopyOutcome extends CopyLine {
  readonly result?: CopyResult;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

export interface CopyListResult {
  /** In the order of the list. */
  readonly copies: readonly CopyOutcome[];
  readonly failed: number;
}

/** Images on their way at once; each has several blobs on its way. */
const PARALLEL_COPIES = 3;
const MAX_LINES = 100_000;

/**
 * A line each: `SOURCE TARGET`. What follows a `#` at the start of a line or after a blank is a comment.
 * @throws TareError E_USAGE with the number of the line; E_LIMIT
 */
export function parseCopyList(text: string, what: string): readonly CopyLine[] {
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) throw new TareError('E_LIMIT', `${what} has more than ${MAX_LINES} lines`);
  const seen = new Map<string, number>();
  return lines.flatMap((line, index) => {
    const words = line
      .replace(/(^|\s)#.*$/, '')
      .split(/\s+/)
      .filter(Boolean);
    if (words.length === 0) return [];
    const [source, target, ...more] = words;
    const at = `${what}:${index + 1}`;
    if (source === undefined || target === undefined || more.length > 0)
      throw new TareError('E_USAGE', `${at} is not SOURCE TARGET: ${JSON.stringify(line.trim().slice(0, 200))}`);
    const before = seen.get(target);
    if (before !== undefined) throw new TareError('E_USAGE', `${at} has the target of line ${before}: ${target}`);
    seen.set(target, index + 1);
    return [{ source, target }];
  });
}

/**
 * Copies line by line, several at a time; a blob that goes to several repositories of one registry travels once, and is mounted in the others. What a target has is not sent again, so that a list which was interrupted goes on where it was. One that fails
 * does not stop the others.
 * @throws TareError E_CANCELLED
 */
export async function copyList(lines: readonly CopyLine[], options: CopyHow & CopyTools): Promise<CopyListResult> {
  const shared = { ...options, registry: { ...options.registry, clients: new Map(), landed: createLanded() } };
  const copies = await mapLimit(lines, PARALLEL_COPIES, (line) => {
    throwIfCancelled(options.ctx.signal);
    return attempt(line, shared);
  });
  return { copies, failed: copies.filter(({ error }) => error !== undefined).length };
}

async function attempt(line: CopyLine, how: CopyHow & CopyTools): Promise<CopyOutcome> {
  try {
    return { ...line, result: await copy({ ...how, ...line }) };
  } catch (error) {
    if (!(error instanceof TareError) || error.code === 'E_CANCELLED') throw error;
    return { ...line, error: { code: error.code, message: error.message } };
  }
}
