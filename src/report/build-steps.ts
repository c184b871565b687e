import type { TareEvent } from '../base/events.ts';
import { formatSeconds } from './format.ts';
import type { Style } from './style.ts';

type StepEvent = Extract<TareEvent, { readonly kind: `vertex.${string}` }>;

export const isStepEvent = (event: TareEvent): event is StepEvent => event.kind.startsWith('vertex.');

interface Step {
  readonly number: number;
  readonly name: string;
  readonly began: number;
  /** The last thing that it printed. */
  said: string;
  /** What it printed since the last line end. */
  rest: string;
}

export interface StepsOptions {
  readonly stream: NodeJS.WriteStream;
  readonly style: Style;
}

export interface StepsView {
  readonly onEvent: (event: StepEvent) => void;
  /** Takes away what is redrawn. */
  clear(): void;
}

/** Between two drawings, in milliseconds. */
const FRAME_MS = 100;
const MAX_SHOWN_STEPS = 8;
const MAX_REST = 4096;

interface Steps {
  started(event: Extract<StepEvent, { kind: 'vertex.started' }>): Step;
  get(digest: string): Step | undefined;
  ended(digest: string): void;
  running(): readonly Step[];
}

function createSteps(): Steps {
  const running = new Map<string, Step>();
  let number = 0;
  return {
    started: ({ digest, name }) => {
      number += 1;
      const step: Step = { number, name: plain(name), began: performance.now(), said: '', rest: '' };
      running.set(digest, step);
      return step;
    },
    get: (digest) => running.get(digest),
    ended: (digest) => void running.delete(digest),
    running: () => [...running.values()],
  };
}

/** Whole lines of what a step prints, without what would move the cursor. */
function linesOf(step: Step, bytes: Uint8Array): readonly string[] {
  const text = step.rest + Buffer.from(bytes).toString('utf8');
  const lines = text.split(/\r?\n|\r/);
  const rest = lines.pop() ?? '';
  // A line without an end is shown in pieces.
  if (rest.length > MAX_REST) lines.push(rest);
  step.rest = rest.length > MAX_REST ? '' : rest;
  return lines.map(plain);
}

// oxlint-disable-next-line no-control-regex -- it is control characters that are taken out
const plain = (line: string): string =>
  line.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');

const endOf = ({ cached, error, seconds }: Extract<StepEvent, { kind: 'vertex.done' }>): string =>
  error !== undefined ? 'failed' : cached ? 'known' : formatSeconds(seconds * 1000);

/** One line for each beginning, output and end, with the number of the step before it. */
export function plainSteps({ stream }: Pick<StepsOptions, 'stream'>): StepsView {
  const steps = createSteps();
  return {
    clear: () => undefined,
    onEvent: (event) => {
      if (event.kind === 'vertex.started') {
        const { name, number } = steps.started(event);
        stream.write(`#${number} ${name}\n`);
        return;
      }
      const step = steps.get(event.digest);
      if (step === undefined) return;
      if (event.kind === 'vertex.log') {
        for (const line of linesOf(step, event.bytes)) stream.write(`#${step.number} ${line}\n`);
        return;
      }
      if (step.rest !== '') stream.write(`#${step.number} ${plain(step.rest)}\n`);
      stream.write(`#${step.number} ${endOf(event)}\n`);
      steps.ended(event.digest);
    },
  };
}

/** On a terminal: ended steps stay, one line each; below them those that run, each with the last that it printed. */
export function liveSteps({ stream, style }: StepsOptions): StepsView {
  const steps = createSteps();
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  const width = (): number => (stream.columns || 80) - 1;
  const clear = (): void => {
    if (drawn > 0) stream.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  const draw = (): void => {
    clear();
    const running = steps.running().slice(0, MAX_SHOWN_STEPS);
    const lines = running.flatMap((step) => {
      const time = formatSeconds(performance.now() - step.began);
      const head = cut(`  ${step.name}`, width() - time.length - 1);
      return [`${head} ${style.dim(time)}`, ...(step.said === '' ? [] : [style.dim(cut(`    ${step.said}`, width()))])];
    });
    if (lines.length > 0) stream.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const later = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (steps.running().length === 0) return;
      draw();
      later();
    }, FRAME_MS).unref();
  };
  return {
    clear,
    onEvent: (event) => {
      if (event.kind === 'vertex.started') {
        steps.started(event);
        later();
        return;
      }
      const step = steps.get(event.digest);
      if (step === undefined) return;
      if (event.kind === 'vertex.log') {
        const said = linesOf(step, event.bytes).findLast((line) => line.trim() !== '');
        if (said !== undefined) step.said = said;
        return;
      }
      steps.ended(event.digest);
      clear();
      const mark = event.error !== undefined ? style.red('✗') : event.cached ? style.dim('=') : style.green('✓');
      const time = endOf(event);
      stream.write(`${mark} ${cut(step.name, width() - time.length - 3)} ${style.dim(time)}\n`);
      draw();
    },
  };
}

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, Math.max(0, length - 1))}…` : text;
