import type { TareEvent } from '../base/events.ts';
import { formatSeconds } from './format.ts';

export type StepEvent = Extract<TareEvent, { readonly kind: `vertex.${string}` }>;

export const isStepEvent = (event: TareEvent): event is StepEvent => event.kind.startsWith('vertex.');

/** A step that has begun. */
export interface Step {
  /** From 1, in the order in which they began. */
  readonly number: number;
  readonly name: string;
  /** As `performance.now()` tells it, in milliseconds. */
  readonly began: number;
  /** The last lines that it printed, the newest last. */
  readonly said: string[];
  /** What it printed since the last line end. */
  rest: string;
}

export interface Steps {
  started(event: Extract<StepEvent, { kind: 'vertex.started' }>): Step;
  get(digest: string): Step | undefined;
  /** Forgets it, and counts it. */
  ended(event: Extract<StepEvent, { kind: 'vertex.done' }>): void;
  running(): readonly Step[];
  readonly counts: () => { readonly done: number; readonly cached: number };
}

/** A line without an end is shown in pieces of so many characters. */
const MAX_REST = 4096;
/** Lines of each step that are remembered. */
const MAX_SAID = 6;

export function createSteps(): Steps {
  const running = new Map<string, Step>();
  let [number, done, cached] = [0, 0, 0];
  return {
    started: ({ digest, name }) => {
      number += 1;
      const step: Step = { number, name: oneLine(name), began: performance.now(), said: [], rest: '' };
      running.set(digest, step);
      return step;
    },
    get: (digest) => running.get(digest),
    ended: (event) => {
      running.delete(event.digest);
      done += 1;
      if (event.cached) cached += 1;
    },
    running: () => [...running.values()],
    counts: () => ({ done, cached }),
  };
}

/** Whole lines of what a step prints, without what would move the cursor. */
export function linesOf(step: Step, bytes: Uint8Array): readonly string[] {
  const text = step.rest + Buffer.from(bytes).toString('utf8');
  const lines = text.split(/\r?\n|\r/);
  const rest = lines.pop() ?? '';
  if (rest.length > MAX_REST) lines.push(rest);
  step.rest = rest.length > MAX_REST ? '' : rest;
  const shown = lines.map(plain);
  step.said.push(...shown.slice(-MAX_SAID).filter((line) => line.trim() !== ''));
  step.said.splice(0, step.said.length - MAX_SAID);
  return shown;
}

/** What is left when a step ends in the middle of a line. */
export const lastLine = ({ rest }: Step): string => plain(rest);

// oxlint-disable-next-line no-control-regex -- it is control characters that are taken out
const CONTROL = /\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
const plain = (line: string): string => line.replaceAll(CONTROL, '');
/** An instruction may have several lines, with blanks where they were joined; those of `[build  2/10]` stay. */
function oneLine(text: string): string {
  const [, place = '', rest = ''] = /^(\[[^\]]*\])?([^]*)$/.exec(text) ?? [];
  return plain(place) + plain(rest.replaceAll(/(?:\s|\\\n)+/g, ' ')).trimEnd();
}

/** `cached`, `failed after 1.2 s`, `1.2 s`. */
export function endOf({ cached, error, seconds }: Extract<StepEvent, { kind: 'vertex.done' }>): string {
  if (error !== undefined) return `failed after ${formatSeconds(seconds * 1000)}`;
  return cached ? 'cached' : formatSeconds(seconds * 1000);
}
