/**
 * Questions and answers of DNS (RFC 1035, section 4), as far as a server of names needs them that knows addresses of IPv4 and nothing else.
 */

const HEADER_BYTES = 12;
const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;
const ANSWER_TTL_SECONDS = 5;
/** Flags of the header (RFC 1035, 4.1.1). */
const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const AUTHORITATIVE = 0x0400;
const TRUNCATED = 0x0200;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;
/** A name in the answer that is the one of the question (RFC 1035, 4.1.4). */
const POINTER_TO_QUESTION = 0xc000 + HEADER_BYTES;

/** An answer of a record: pointer, type, class, time to live, length, address. In bytes. */
const RECORD_BYTES = 16;
const MAX_RECORDS = 0xffff;

/** What everybody takes in one datagram (RFC 1035, 4.2.1), and what the length in front of a message over TCP can say. */
export const MAX_MESSAGE_BYTES = { udp: 512, tcp: 65_535 } as const;
export const CLASSES = { internet: 1, any: 255 } as const;
export const RECORD_TYPES = { a: 1, ptr: 12, aaaa: 28, any: 255 } as const;
export const RESPONSE_CODES = { ok: 0, malformed: 1, failed: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

export interface DnsQuestion {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  /** Lower case, without the last dot. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The question section as it came: name, type, class. */
  readonly section: Uint8Array;
}

/** The first question of a message; undefined when there is none, or the message is no question at all. Never throws. */
export function parseQuestion(message: Uint8Array): DnsQuestion | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const flags = view.getUint16(2);
  if ((flags & RESPONSE) !== 0 || view.getUint16(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message[at];
    // A question has nothing in front of it that its name could point to.
    if (length === undefined || length > MAX_LABEL_BYTES || at - HEADER_BYTES > MAX_NAME_BYTES) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(
      Buffer.from(message.subarray(at, at + length))
        .toString('latin1')
        .toLowerCase(),
    );
    at += length;
  }
  if (at + 4 > message.length) return undefined;
  return {
    id: view.getUint16(0),
    opcode: (flags & OPCODE) >> 11,
    recursionDesired: (flags & RECURSION_DESIRED) !== 0,
    name: labels.join('.'),
    type: view.getUint16(at),
    class: view.getUint16(at + 2),
    section: message.slice(HEADER_BYTES, at + 4),
  };
}

export interface DnsAnswer {
  readonly code: number;
  /** Of IPv4, each of four bytes; of a question of another type none. */
  readonly addresses?: readonly Uint8Array[];
  /** Addresses for which there is no room are left out, and the client is told so: it may ask again over TCP. Default that of TCP. */
  readonly maxBytes?: number;
}

export function encodeAnswer(question: DnsQuestion, answer: DnsAnswer): Uint8Array {
  const { id, opcode, recursionDesired, section } = question;
  const { addresses = [], code, maxBytes = MAX_MESSAGE_BYTES.tcp } = answer;
  const room = Math.floor((maxBytes - HEADER_BYTES - section.length) / RECORD_BYTES);
  const told = addresses.slice(0, Math.max(0, Math.min(room, MAX_RECORDS)));
  const bytes = new Uint8Array(HEADER_BYTES + section.length + told.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  const asked = (opcode << 11) | (recursionDesired ? RECURSION_DESIRED : 0);
  const cut = told.length < addresses.length ? TRUNCATED : 0;
  view.setUint16(2, RESPONSE | AUTHORITATIVE | RECURSION_AVAILABLE | cut | asked | code);
  view.setUint16(4, 1);
  view.setUint16(6, told.length);
  bytes.set(section, HEADER_BYTES);
  let at = HEADER_BYTES + section.length;
  for (const address of told) {
    view.setUint16(at, POINTER_TO_QUESTION);
    view.setUint16(at + 2, RECORD_TYPES.a);
    view.setUint16(at + 4, CLASSES.internet);
    view.setUint32(at + 6, ANSWER_TTL_SECONDS);
    view.setUint16(at + 10, 4);
    bytes.set(address.subarray(0, 4), at + 12);
    at += RECORD_BYTES;
  }
  return bytes;
}
