import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Socket } from 'node:net';
import { throwIfCancelled } from '../../../base/context.ts';
import { VERSION } from '../../../base/version.ts';
import { bodyOf } from '../body.ts';
import { translated } from '../broken.ts';
import type { Inlet } from '../inlet.ts';
import type { Connect } from '../lines.ts';
import { CONNECT_TIMEOUT_MS } from '../tunnel.ts';
import type { Pacing } from '../types.ts';
import type { Answer, Sending } from '../wire.ts';
import { createBuffers, type Buffers } from './buffers.ts';
import { MAX_HEAD_BYTES, parseHead, type Head } from './head.ts';

const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');

/**
 * A GET over a connection of its own, whose bytes are read into the same two buffers again and again: Node's client gives each piece of a body memory of its
 * own, which for large ones takes longer than the network does.
 * @returns undefined when the answer is not of the plainest kind (`parseHead`): then it is to be asked for in the usual way
 * @throws as `exchange`
 */
export async function bulkExchange(
  url: URL,
  { answerMs, headers, signal }: Sending,
  connect: Connect,
  pacing: Pacing,
): Promise<Answer | undefined> {
  const question = questionFor(url, headers);
  const line = openLine(url, connect);
  const abort = (): void => line.end(new Error('it was stopped'));
  signal.addEventListener('abort', abort, { once: true });
  line.socket.once('close', () => signal.removeEventListener('abort', abort));
  let head: Head | 'other';
  try {
    throwIfCancelled(signal);
    await within(line, CONNECT_TIMEOUT_MS, 'no connection within ten seconds', () => line.isConnected());
    line.socket.write(question);
    head = await within(line, answerMs ?? pacing.silenceMs, 'no answer in time', () => headOf(line.buffers));
  } catch (error) {
    line.socket.destroy();
    throwIfCancelled(signal);
    throw translated(url, error);
  }
  if (head === 'other') {
    line.socket.destroy();
    return undefined;
  }
  const { length, status } = head;
  const all = (name: string): readonly string[] => head.headers.get(name) ?? [];
  return {
    url,
    status,
    headers: all,
    header: (name) => all(name)[0],
    body: bodyOf(url, () => inletOf(line, length), signal, pacing),
    discard: () => line.socket.destroy(),
  };
}

/** @throws TypeError for a name or value that would be more than one */
function questionFor(url: URL, headers: Sending['headers']): string {
  const fields = {
    host: url.host,
    'user-agent': `tare/${VERSION}`,
    'accept-encoding': 'identity',
    ...headers,
    connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return `${name}: ${value}\r\n`;
  });
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A connection and what has come over it. */
interface OpenLine {
  readonly socket: Socket;
  readonly buffers: Buffers;
  isConnected(): true | undefined;
  /** It has ended, in whatever way. */
  failure(): Error | undefined;
  /** Ends it. */
  end(error: Error): void;
  /** One at a time: called at whatever happens. */
  onChange(listener: () => void): void;
}

function openLine(url: URL, connect: Connect): OpenLine {
  const buffers = createBuffers();
  const state = { connected: false, changed: () => {} };
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    state.changed();
  };
  const socket = connect(url, {
    buffer: () => buffers.space(),
    callback: (bytes) => {
      buffers.filled(bytes);
      state.changed();
      return !buffers.isFull();
    },
  });
  socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
    state.connected = true;
    state.changed();
  });
  socket.on('error', fail);
  socket.once('close', () => fail(new Error('the connection was closed')));
  // The end of what the other side sends is the end of it all.
  socket.once('end', () => fail(new Error('the connection was closed')));
  return {
    socket,
    buffers,
    isConnected: () => state.connected || undefined,
    failure: () => failure,
    end: (error) => {
      fail(error);
      socket.destroy();
    },
    onChange: (listener) => {
      state.changed = listener;
    },
  };
}

/** Waits until there is what is looked for. @throws what the connection breaks with before that; a plain Error after `ms` */
async function within<T>(line: OpenLine, ms: number, why: string, look: () => T | undefined): Promise<T> {
  const timer = setTimeout(() => line.end(new Error(why)), ms);
  try {
    return await new Promise<T>((resolve, reject) => {
      const check = (): void => {
        const found = look();
        const failure = line.failure();
        if (found !== undefined) resolve(found);
        else if (failure !== undefined) reject(failure);
      };
      line.onChange(check);
      check();
    });
  } finally {
    clearTimeout(timer);
    line.onChange(() => {});
  }
}

/** The head of an answer once it is there; then the buffers begin with the body. */
function headOf(buffers: Buffers): Head | 'other' | undefined {
  const start = buffers.peek();
  const end = start.subarray(0, MAX_HEAD_BYTES).indexOf(HEAD_END);
  if (end === -1) return start.length < MAX_HEAD_BYTES ? undefined : 'other';
  const head = parseHead(start.toString('latin1', 0, end));
  buffers.drop(end + HEAD_END.length);
  return head ?? 'other';
}

function inletOf({ buffers, failure, onChange, socket }: OpenLine, length: number): Inlet {
  let received = 0;
  return {
    take: () => {
      const wasFull = buffers.isFull();
      const piece = buffers.take();
      if (wasFull && !buffers.isFull()) socket.resume();
      if (piece === undefined || received === length) return undefined;
      // What comes after it is nobody's.
      const own = piece.subarray(0, length - received);
      received += own.length;
      return own;
    },
    received: () => received,
    isEnded: () => received === length,
    // The other side closes what it was asked to close, perhaps before all of it has been read here.
    failure: () => (received === length ? undefined : failure()),
    onChange,
    destroy: () => socket.destroy(),
    close: () => socket.destroy(),
  };
}
