import { createHash } from 'node:crypto';
import { mapLimit } from '../../base/concurrency.ts';
import { throwIfCancelled } from '../../base/context.ts';
import type { Context } from '../../base/events.ts';
import type { Bytes } from '../../base/streams.ts';
import type { ChangedEntry } from '../../tree/diff.ts';
import type { ContentReader, Entry } from '../../tree/types.ts';

export interface ContentSides {
  readonly before: ContentReader;
  readonly after: ContentReader;
}

/** Reads the contents of which nobody knows whether they are the same, and answers the changes that there are. In the order of `unsure`. */
export async function settle(
  unsure: readonly ChangedEntry[],
  { after, before }: ContentSides,
  ctx: Context,
): Promise<readonly ChangedEntry[]> {
  const settled = await mapLimit(unsure, ctx.concurrency, async (change) => {
    throwIfCancelled(ctx.signal);
    const same = await sameContent(
      { entry: change.before.entry, in: before },
      { entry: change.after.entry, in: after },
    );
    return same ? change : { ...change, what: ['content' as const, ...change.what] };
  });
  return settled.filter(({ what }) => what.length > 0);
}

interface Content {
  readonly entry: Entry;
  readonly in: ContentReader;
}

/** Of one size. */
async function sameContent(one: Content, two: Content): Promise<boolean> {
  const known = one.entry.sha256 ?? two.entry.sha256;
  if (known === undefined) return sameBytes(one.in.stream(one.entry), two.in.stream(two.entry));
  const { entry, in: reader } = one.entry.sha256 === undefined ? one : two;
  const hash = createHash('sha256');
  for await (const chunk of reader.stream(entry)) hash.update(chunk);
  return hash.digest('hex') === known;
}

async function sameBytes(one: Bytes, two: Bytes): Promise<boolean> {
  const left = one[Symbol.asyncIterator]();
  const right = two[Symbol.asyncIterator]();
  let a: Buffer = Buffer.alloc(0);
  let b: Buffer = Buffer.alloc(0);
  try {
    for (;;) {
      if (a.length === 0) a = await more(left);
      if (b.length === 0) b = await more(right);
      const count = Math.min(a.length, b.length);
      if (count === 0) return a.length === b.length;
      if (a.compare(b, 0, count, 0, count) !== 0) return false;
      a = a.subarray(count);
      b = b.subarray(count);
    }
  } finally {
    await left.return?.();
    await right.return?.();
  }
}

/** Empty at the end. */
async function more(source: AsyncIterator<Uint8Array>): Promise<Buffer> {
  for (let next = await source.next(); next.done !== true; next = await source.next())
    if (next.value.length > 0) return Buffer.from(next.value);
  return Buffer.alloc(0);
}
