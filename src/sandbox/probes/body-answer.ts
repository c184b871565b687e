import { createHash } from 'node:crypto';
import type { Digest } from '../../base/digest.ts';
import { countParts, partsOf, type PartsCounter } from './body-parts.ts';
import type { BodyAnswer } from './types.ts';

/** Of longer bodies the text is not kept. */
const MAX_TEXT_BYTES = 1024 * 1024; // 1 MiB
/** What the texts of all answers of one container may take together. */
const MAX_TEXTS_BYTES = 32 * 1024 * 1024; // 32 MiB
/** One text may take this share of what is left, so that later ones have room too: of long ones only parts are kept first. */
const MAX_SHARE = 1 / 16;
/** What the parts of all answers may take. */
const MAX_PARTS_BYTES = 16 * 1024 * 1024; // 16 MiB
/** Digests and sizes, and what remembers them. */
const MAX_KNOWN = 20_000;
/** What is kept of a body while it is read. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024; // 16 MiB

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Keeps the answers of one container within a limit; equal bodies are one. */
export interface BodyRoom {
  /** The answer of an equal body, when there was one. */
  known(digest: Digest): BodyAnswer | undefined;
  /** Whether so many bytes may be kept; they are taken then. */
  take(kind: 'parts' | 'text', bytes: number): boolean;
  remember(answer: BodyAnswer): void;
}

export function bodyRoom(): BodyRoom {
  const answers = new Map<Digest, BodyAnswer>();
  const left = { parts: MAX_PARTS_BYTES, text: MAX_TEXTS_BYTES };
  return {
    known: (digest) => answers.get(digest),
    take(kind, bytes) {
      if (bytes > (kind === 'text' ? left.text * MAX_SHARE : left.parts)) return false;
      left[kind] -= bytes;
      return true;
    },
    remember(answer) {
      if (answers.size < MAX_KNOWN) answers.set(answer.digest, answer);
    },
  };
}

export interface BodyReader {
  /** The next bytes, which stay as they are. */
  add(bytes: Uint8Array): void;
  /** Call once, at the end: the answer, and the beginning of the body, at most 16 MiB. */
  done(): { readonly answer: BodyAnswer; readonly body: Buffer };
}

/** Reads a body of any length in bounded memory. */
export function readBody(room: BodyRoom = bodyRoom()): BodyReader {
  const hash = createHash('sha256');
  let kept: Uint8Array[] = [];
  let size = 0;
  let parts: PartsCounter | undefined;
  return {
    add(bytes) {
      hash.update(bytes);
      const left = MAX_KEPT_BYTES - Math.min(size, MAX_KEPT_BYTES);
      size += bytes.length;
      if (left > 0) kept.push(bytes.subarray(0, left));
      if (bytes.length <= left) return;
      if (parts === undefined) {
        parts = countParts();
        for (const piece of kept) parts.add(piece);
      }
      parts.add(bytes.subarray(left));
    },
    done() {
      const body = Buffer.concat(kept);
      kept = [];
      const digest: Digest = `sha256:${hash.digest('hex')}`;
      const known = room.known(digest);
      if (known !== undefined) return { answer: known, body };
      const answer = answerOf({ digest, size }, body, parts, room);
      room.remember(answer);
      return { answer, body };
    },
  };
}

export function bodyAnswer(bytes: Uint8Array, room?: BodyRoom): BodyAnswer {
  const reader = readBody(room);
  reader.add(bytes);
  return reader.done().answer;
}

/** `begun` has counted more than the beginning, when there is more. */
function answerOf(
  bare: Pick<BodyAnswer, 'digest' | 'size'>,
  body: Buffer,
  begun: PartsCounter | undefined,
  room: BodyRoom,
): BodyAnswer {
  const short = bare.size <= MAX_TEXT_BYTES;
  const text = short ? textOf(body) : undefined;
  // In memory a character that is not ASCII may make two bytes of every one.
  if (text !== undefined && room.take('text', text.length === bare.size ? bare.size : 2 * text.length))
    return { ...bare, text };
  const binary = short && text === undefined ? { binary: true as const } : {};
  const parts = begun?.done() ?? partsOf(body);
  return { ...bare, ...binary, ...(room.take('parts', parts.hashes.byteLength) ? { parts } : {}) };
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined; // Not UTF-8.
    throw error;
  }
}
