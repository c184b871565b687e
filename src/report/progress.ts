import type { TareEvent } from '../base/events.ts';
import { liveSteps, plainSteps } from './build-steps.ts';
import { formatSize, plural } from './format.ts';
import { printable } from './printable.ts';
import { plainTitle } from './probe-title.ts';
import { isStepEvent } from './step-lines.ts';
import type { Style } from './style.ts';
import { wrapped } from './wrap.ts';

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
    return { onEvent: (event) => stream.write(`${JSON.stringify(plainEvent(event))}\n`), close: () => undefined };
  if (mode === 'plain' || !stream.isTTY) return linesTo(options, mode === 'plain' || options.verbose);
  return liveLine(options);
}

/** Bytes as text. */
function plainEvent(event: TareEvent): unknown {
  if (event.kind !== 'vertex.log') return event;
  const { bytes, ...rest } = event;
  return { ...rest, text: Buffer.from(bytes).toString('utf8') };
}

function warningText(event: Extract<TareEvent, { kind: 'warning' }>, style: Style): string {
  const { code, line, message, path } = event.warning;
  const where = path === undefined ? '' : ` ${style.dim(`(${path}${line === undefined ? '' : `:${line}`})`)}`;
  return `${wrapped(`${style.yellow('warning')} ${code}: ${message}${where}`, style, 2)}\n`;
}

const publishedText = ({ address, container, host, name }: Extract<TareEvent, { kind: 'published' }>): string =>
  `${name === undefined ? '' : `${name}: `}port ${container} is at ${address.includes(':') ? `[${address}]` : address}:${host}`;

const PAINTED: Readonly<Record<string, 'green' | 'red' | 'yellow'>> = {
  running: 'green',
  healthy: 'green',
  unhealthy: 'red',
  restarting: 'yellow',
};

function serviceText(event: Extract<TareEvent, { kind: 'service.status' }>, style: Style): string {
  const colour = PAINTED[event.state];
  const state = colour === undefined ? style.dim(event.state) : style[colour](event.state);
  return `${event.name} ${state}${event.detail === undefined ? '' : `: ${printable(event.detail)}`}`;
}

function linesTo(options: ProgressOptions, steps: boolean): Progress {
  const { stream, style } = options;
  const building = plainSteps(options);
  return {
    close: () => undefined,
    onEvent: (event) => {
      // What a build does is what its user wants to read, in a log too.
      if (isStepEvent(event)) return building.onEvent(event);
      if (event.kind === 'warning') stream.write(warningText(event, style));
      if (event.kind === 'published') stream.write(`${publishedText(event)}\n`);
      if (event.kind === 'service.status') stream.write(`${serviceText(event, style)}\n`);
      if (!steps) return;
      if (event.kind === 'step.started')
        stream.write(`${event.step}${event.detail === undefined ? '' : `: ${event.detail}`}\n`);
      if (event.kind === 'step.done' && event.detail !== undefined) stream.write(`${event.step}: ${event.detail}\n`);
      if (event.kind === 'probe.done')
        stream.write(
          `probe ${plainTitle(event.name)}: ${event.ok ? 'ok' : 'failed'}${event.detail === undefined ? '' : `: ${event.detail}`}\n`,
        );
    },
  };
}

function liveLine(options: ProgressOptions): Progress {
  const { stream, style, verbose } = options;
  let drawn = false;
  let lastDraw = 0;
  const started = new Map<string, number>();
  let transferSince: number | undefined;
  const building = liveSteps(options);
  const clear = (): void => {
    building.clear();
    if (drawn) stream.write('\r\u001b[K');
    drawn = false;
  };
  let inSteps = 0;
  const draw = (text: string, force: boolean): void => {
    // What a step of a build does meanwhile stands in its own line.
    if (inSteps > 0) return;
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
  const keepLine = (text: string): void => keep(`${wrapped(text, style, 2)}\n`);
  return {
    close: clear,
    onEvent: (event) => {
      if (isStepEvent(event)) {
        if (drawn) clear();
        if (event.kind !== 'vertex.log') inSteps += event.kind === 'vertex.started' ? 1 : -1;
        return building.onEvent(event);
      }
      if (event.kind === 'warning') return keep(warningText(event, style));
      if (event.kind === 'step.started') {
        started.set(event.step, performance.now());
        return draw(`${event.step}${event.detail === undefined ? '' : `: ${event.detail}`} …`, true);
      }
      if (event.kind === 'step.progress') return draw(`${event.step} ${amountOf(event)}`, false);
      if (event.kind === 'transfer') {
        transferSince ??= performance.now();
        const ms = performance.now() - transferSince;
        if (event.done >= event.total) transferSince = undefined;
        return draw(transferText(event, ms), false);
      }
      if (event.kind === 'blob.progress' && transferSince === undefined)
        return draw(`${event.digest.slice(0, 19)} ${amountOf({ ...event, unit: 'bytes' })}`, false);
      if (event.kind === 'published') return keepLine(publishedText(event));
      if (event.kind === 'service.status') return keepLine(serviceText(event, style));
      if (event.kind === 'step.done') {
        transferSince = undefined;
        const ms = performance.now() - (started.get(event.step) ?? performance.now());
        if (verbose || ms > QUICK_MS)
          keepLine(
            `${style.green('✓')} ${event.step} ${style.dim(`${(ms / 1000).toFixed(1)} s${event.detail === undefined ? '' : ` · ${event.detail}`}`)}`,
          );
        // Whoever prints next, a container perhaps, begins at the start of a line.
        else clear();
      }
      if (event.kind === 'probe.done') {
        keepLine(
          `${event.ok ? style.green('✓') : style.red('✗')} ${plainTitle(event.name)} ${style.dim(`${Math.round(event.ms)} ms`)}${event.detail === undefined ? '' : `: ${event.detail}`}`,
        );
      }
    },
  };
}

function amountOf(event: { readonly done: number; readonly total?: number; readonly unit: 'bytes' | 'files' }): string {
  const { done, total, unit } = event;
  const show = (value: number): string => (unit === 'bytes' ? formatSize(value) : plural(value, 'file'));
  if (total === undefined || total === 0) return show(done);
  const first = unit === 'bytes' ? show(done) : String(done);
  return `${first} of ${show(total)} (${Math.floor((done / total) * 100)}%)`;
}

/** Before this a rate would jump about. */
const MIN_RATE_MS = 500;

/** `12.0 MB of 100.0 MB (12%), 24.0 MB/s, 4 s left`. @param ms since it began */
export function transferText({ done, total }: { readonly done: number; readonly total: number }, ms: number): string {
  const amount = amountOf({ done, total, unit: 'bytes' });
  if (ms < MIN_RATE_MS || done === 0) return amount;
  const seconds = ((total - done) * ms) / done / 1000;
  return `${amount}, ${formatSize((done / ms) * 1000)}/s, ${leftText(seconds)} left`;
}

function leftText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
