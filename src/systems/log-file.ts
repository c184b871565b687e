import { appendFileSync, closeSync, openSync, renameSync } from 'node:fs';
import type { OutputChunk } from '../sandbox/types.ts';

/** One line that a container has printed. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly service: string;
  /** `SERVICE-NUMBER`. */
  readonly name: string;
  readonly stream: OutputChunk['stream'];
  readonly text: string;
}

/** Longer lines are told in pieces, in UTF-16 units. */
const MAX_LINE = 16_384;
/** Two such files are kept: what is older is forgotten. In bytes. */
const MAX_LOG_BYTES = 32 * 1024 * 1024; // 32 MiB

/** Cuts what the streams of one container bring into lines. */
export function lineCutter(emit: (stream: OutputChunk['stream'], text: string) => void): {
  add(chunk: OutputChunk): void;
  /** What has no end of line yet. */
  flush(): void;
} {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const begun = { stdout: '', stderr: '' };
  const cut = (stream: OutputChunk['stream'], text: string): void => {
    const lines = (begun[stream] + text).split('\n');
    begun[stream] = lines.pop() ?? '';
    for (const line of lines) emit(stream, line.replace(/\r$/, ''));
    while (begun[stream].length > MAX_LINE) {
      emit(stream, begun[stream].slice(0, MAX_LINE));
      begun[stream] = begun[stream].slice(MAX_LINE);
    }
  };
  return {
    add: ({ bytes, stream }) => cut(stream, decoders[stream].decode(bytes, { stream: true })),
    flush() {
      for (const stream of ['stdout', 'stderr'] as const) {
        cut(stream, decoders[stream].decode());
        if (begun[stream] !== '') emit(stream, begun[stream]);
        begun[stream] = '';
      }
    },
  };
}

/** The same for the containers of a system: each line with its time and its container. */
export function lineSorter(emit: (line: LogLine) => void): {
  add(of: Pick<LogLine, 'name' | 'service'>, chunk: OutputChunk): void;
  flush(name: string): void;
} {
  const cutters = new Map<string, ReturnType<typeof lineCutter>>();
  return {
    add({ name, service }, chunk) {
      const cutter =
        cutters.get(name) ?? lineCutter((stream, text) => emit({ time: Date.now(), service, name, stream, text }));
      cutters.set(name, cutter);
      cutter.add(chunk);
    },
    flush: (name) => cutters.get(name)?.flush(),
  };
}

/** The file that is written, and the one before. */
export const logFiles = (file: string): readonly [string, string] => [file, `${file}.1`];

/** Keeps lines in a file, one JSON object a line; the file before is `FILE.1`. */
export function openLog(file: string): { write(line: LogLine): void; close(): void } {
  let handle = openSync(file, 'a', 0o600);
  let size = 0;
  return {
    write(line) {
      const text = `${JSON.stringify(line)}\n`;
      if (size > MAX_LOG_BYTES) {
        closeSync(handle);
        renameSync(...logFiles(file));
        handle = openSync(file, 'a', 0o600);
        size = 0;
      }
      appendFileSync(handle, text);
      size += Buffer.byteLength(text);
    },
    close: () => closeSync(handle),
  };
}
