import { TareError } from '../../base/error.ts';
import { quotePath } from '../../base/path.ts';
import type { Bytes } from '../../base/streams.ts';
import type { TarLimits } from './limits.ts';
import { createTarParser } from './parser.ts';
import { unfoldSparse } from './unfold.ts';
import type { TarMember } from './types.ts';

/** One member with its content. A sparse file's body is unfolded: `header.size` bytes, the holes as zeros. */
export interface TarEntry {
  readonly header: TarMember;
  /** Can be read once, in part or not at all, and only until the next entry is asked for. */
  readonly body: Bytes;
}

type ParserEvent =
  | { readonly kind: 'member'; readonly member: TarMember }
  | { readonly kind: 'data'; readonly chunk: Uint8Array }
  | { readonly kind: 'end' };

/**
 * Reads an archive member by member; the rules are those of `createTarParser`. The next chunk of the source is asked for only when
 * everything in the one before has been taken or skipped, so memory stays at one chunk. The source is read to its end, also when the
 * archive ends earlier, so that whoever checks it on the way sees all of it. What a sparse file unfolds to may be far larger
 * than the archive: look at `header.size` before reading such a body.
 *
 * @throws TareError E_TAR, E_LIMIT, from the entries or a body; E_USAGE from a body that is read after its turn
 */
export async function* readTar(source: Bytes, limits: Partial<TarLimits> = {}): AsyncGenerator<TarEntry> {
  const events = createEventQueue(source, limits);
  let current = 0;

  async function* storedBytes(header: TarMember, turn: number): AsyncGenerator<Uint8Array> {
    for (;;) {
      // Checked before and after waiting: while it waited, the reader may have gone on to the next entry.
      if (turn === current) await events.fill();
      if (turn !== current) {
        throw new TareError(
          'E_USAGE',
          `the body of ${quotePath(header.path)} was read after the next entry was asked for`,
        );
      }
      const event = events.peek();
      if (event?.kind !== 'data') return;
      events.shift();
      yield event.chunk;
    }
  }

  try {
    for (;;) {
      await events.fill();
      const event = events.shift();
      if (event === undefined) return;
      if (event.kind !== 'member') continue;
      const { member } = event;
      const stored = storedBytes(member, current);
      yield { header: member, body: member.sparse === undefined ? stored : unfoldSparse(stored, member) };
      current += 1;
    }
  } finally {
    await events.close();
  }
}

interface EventQueue {
  /** Waits until there is an event, or the archive is at its end. */
  fill(): Promise<void>;
  peek(): ParserEvent | undefined;
  shift(): ParserEvent | undefined;
  close(): Promise<void>;
}

function createEventQueue(source: Bytes, limits: Partial<TarLimits>): EventQueue {
  let queue: ParserEvent[] = [];
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  let done = false;
  let filling: Promise<void> | undefined;
  const iterator = source[Symbol.asyncIterator]();
  const parser = createTarParser(
    {
      member: (member) => queue.push({ kind: 'member', member }),
      data: (chunk) => queue.push({ kind: 'data', chunk }),
      memberEnd: () => queue.push({ kind: 'end' }),
    },
    limits,
  );

  const pull = async (): Promise<void> => {
    while (next === queue.length && !done) {
      if (failure !== undefined) throw failure.error;
      queue = [];
      next = 0;
      const result = await iterator.next();
      try {
        if (result.done === true) {
          done = true;
          parser.end();
        } else {
          parser.push(result.value);
        }
      } catch (error) {
        // Members that came before the fault are still handed out.
        failure = { error };
        done = false;
      }
    }
  };

  return {
    fill: () => (filling ??= pull().finally(() => (filling = undefined))),
    peek: () => queue[next],
    shift: () => (next < queue.length ? queue[next++] : undefined),
    close: async () => {
      if (!done) await iterator.return?.();
    },
  };
}
