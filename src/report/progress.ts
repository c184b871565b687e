import type { TareEvent } from '../base/events.ts';
import { formatSize } from './format.ts';
import type { Style } from './style.ts';

export type ProgressMode = 'auto' | 'plain' | 'json' | 'none';

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly stream: NodeJS.WriteStream;
  readonly verbose: boolean;
  readonly style: Style;
}

export interface Progress {
  readonly onEvent: (event: TareEvent) => void;
  /** Takes the live line away. Call once, before the answer is printed. */
  close(): void;
}

/** Draws no oftener than this. */
const FRAME_MS = 80;
/** Steps that end sooner than this leave no line behind on a terminal. */
const QUICK_MS = 1000;

/**
 * Progress and warnings on stderr. `auto` is one live line on a terminal, and nothing but warnings elsewhere; `plain` a line a step;
 * `json` one event a line.
 */
export function createProgress(options: ProgressOptions): Progress {
  const { mode, stream } = options;
  if (mode === 'none') return { onEvent: () => undefined, close: () => undefined };
  if (mode === 'json')
    return { onEvent: (event) => stream.write(`${JSON.stringify(event)}\n`), close: () => undefined };
  if (mode === 'plain' || !stream.isTTY) return linesTo(options, mode === 'plain' || options.verbose);
  return liveLine(options);
}

function warningText(event: Extract<TareEvent, { kind: 'warning' }>, style: Style): string {
  const { code, line, message, path } = event.warning;
  const where = path === undefined ? '' : ` ${style.dim(`(${path}${line === undefined ? '' : `:${line}`})`)}`;
  return `${style.yellow('warning')} ${code}: ${message}${where}\n`;
}

function linesTo(options: ProgressOptions, steps: boolean): Progress {
  const { stream, style } = options;
  return {
    close: () => undefined,
    onEvent: (event) => {
      if (event.kind === 'warning') stream.write(warningText(event, style));
      if (!steps) return;
      if (event.kind === 'step.started')
        stream.write(`${event.step}${event.detail === undefined ? '' : `: ${event.detail}`}\n`);
      if (event.kind === 'step.done' && event.detail !== undefined) stream.write(`${event.step}: ${event.detail}\n`);
      if (event.kind === 'probe.done')
        stream.write(
          `probe ${event.name}: ${event.ok ? 'ok' : 'failed'}${event.detail === undefined ? '' : `: ${event.detail}`}\n`,
        );
    },
  };
}

function liveLine(options: ProgressOptions): Progress {
  const { stream, style, verbose } = options;
  let drawn = false;
  let lastDraw = 0;
  const started = new Map<string, number>();
  const clear = (): void => {
    if (drawn) stream.write('\r\u001b[K');
    drawn = false;
  };
  const draw = (text: string, force: boolean): void => {
    const now = performance.now();
    if (!force && now - lastDraw < FRAME_MS) return;
    lastDraw = now;
    clear();
    stream.write(style.dim(text.slice(0, (stream.columns || 80) - 1)));
    drawn = true;
  };
  const keep = (text: string): void => {
    clear();
    stream.write(text);
  };
  return {
    close: clear,
    onEvent: (event) => {
      if (event.kind === 'warning') return keep(warningText(event, style));
      if (event.kind === 'step.started') {
        started.set(event.step, performance.now());
        return draw(`${event.step}${event.detail === undefined ? '' : `: ${event.detail}`} …`, true);
      }
      if (event.kind === 'step.progress') return draw(`${event.step} ${amountOf(event)}`, false);
      if (event.kind === 'blob.progress')
        return draw(`${event.digest.slice(0, 19)} ${amountOf({ ...event, unit: 'bytes' })}`, false);
      if (event.kind === 'step.done') {
        const ms = performance.now() - (started.get(event.step) ?? 0);
        if (verbose || ms > QUICK_MS)
          keep(
            `${style.green('✓')} ${event.step} ${style.dim(`${(ms / 1000).toFixed(1)} s${event.detail === undefined ? '' : ` · ${event.detail}`}`)}\n`,
          );
      }
      if (event.kind === 'probe.done') {
        keep(
          `${event.ok ? style.green('✓') : style.red('✗')} ${event.name} ${style.dim(`${Math.round(event.ms)} ms`)}${event.detail === undefined ? '' : `: ${event.detail}`}\n`,
        );
      }
    },
  };
}

function amountOf(event: { readonly done: number; readonly total?: number; readonly unit: 'bytes' | 'files' }): string {
  const show = (value: number): string => (event.unit === 'bytes' ? formatSize(value) : `${value} files`);
  if (event.total === undefined || event.total === 0) return show(event.done);
  return `${show(event.done)} of ${show(event.total)} (${Math.floor((event.done / event.total) * 100)}%)`;
}
