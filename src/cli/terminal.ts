import { ReadStream } from 'node:tty';
import { TareError } from '../base/error.ts';
import type { Running, TerminalSize } from '../sandbox/types.ts';

const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };

export interface Terminal {
  readonly size: TerminalSize;
  /** Lets the container's terminal have the size of this one when it changes. */
  readonly follow: (running: Running) => void;
}

/**
 * This process's own terminal, for a container to have one. The OCI runtime takes it over (raw mode) and gives it back; should the runtime not come to that,
 * Node puts it right when this process ends, because its mode was touched here.
 * @throws TareError E_USAGE when stdin is none
 */
export function openTerminal(): Terminal {
  const { stdin, stdout } = process;
  if (!(stdin instanceof ReadStream) || !stdin.isTTY)
    throw new TareError('E_USAGE', '--tty: stdin is not a terminal', {
      hint: 'leave -t out (what is piped in reaches the container without it), or give it one: `script -qec "tare run -t …" /dev/null`',
    });
  stdin.setRawMode(true).setRawMode(false);
  stdin.pause();
  const size = sizeOf(stdout);
  return {
    size,
    follow: (running) => {
      const resize = (): void => void running.resize(sizeOf(stdout));
      stdout.on('resize', resize);
      // While the image was unpacked, somebody may have drawn at the window.
      if (stdout.columns !== size.columns || stdout.rows !== size.rows) resize();
    },
  };
}

/** A terminal that nobody looks at has no size. */
const sizeOf = ({ columns, isTTY, rows }: NodeJS.WriteStream): TerminalSize =>
  isTTY && columns > 0 ? { columns, rows } : DEFAULT_SIZE;
