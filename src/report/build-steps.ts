import { plural } from './format.ts';
import { createSteps, endOf, lastLine, linesOf, type Step, type StepEvent } from './step-lines.ts';
import type { Style } from './style.ts';

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
/** Lines of output below a step: of one that runs alone, and of each of several. */
const MAX_SAID_ALONE = 6;
const MAX_SAID_EACH = 2;
/** Below this the name would tell nothing. */
const MIN_NAME_COLUMNS = 20;

/**
 * One line for each beginning, output and end, behind the number of the step: `#3 [build 2/5] RUN make`, `#3 0.412 cc -o main main.c`, `#3 done 1.2 s`.
 * Output has the seconds since the step began before it, as BuildKit's plain progress has.
 */
export function plainSteps({ stream }: Pick<StepsOptions, 'stream'>): StepsView {
  const steps = createSteps();
  const say = (step: Step, line: string): void => {
    const seconds = ((performance.now() - step.began) / 1000).toFixed(3);
    stream.write(`#${step.number} ${seconds} ${line}\n`);
  };
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
        for (const line of linesOf(step, event.bytes)) say(step, line);
        return;
      }
      if (event.kind === 'vertex.because') {
        for (const line of linesOf(step, becauseOf(event))) say(step, line);
        return;
      }
      if (step.rest !== '') say(step, lastLine(step));
      const isDone = !event.cached && event.error === undefined;
      stream.write(`#${step.number} ${isDone ? 'done ' : ''}${endOf(event)}\n`);
      steps.ended(event);
    },
  };
}

/**
 * On a terminal: ended steps stay, one line each, their times at the right edge; below them those that run, each with the end of what it printed, and a
 * line that counts.
 */
export function liveSteps({ stream, style }: StepsOptions): StepsView {
  const steps = createSteps();
  const began = performance.now();
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  const width = (): number => (stream.columns || 80) - 1;
  const row = (mark: string, name: string, end: string): string => {
    const room = Math.max(MIN_NAME_COLUMNS, width() - end.length - 4);
    return `${mark} ${cut(name, room).padEnd(room)}  ${style.dim(end)}`;
  };
  const runningLines = (): readonly string[] => {
    const running = steps.running();
    if (running.length === 0) return [];
    const each = running.length === 1 ? MAX_SAID_ALONE : MAX_SAID_EACH;
    const lines = running
      .slice(0, MAX_SHOWN_STEPS)
      .flatMap((step) => [
        row(style.cyan('•'), step.name, tenths(performance.now() - step.began)),
        ...step.said.slice(-each).map((line) => style.dim(cut(`    ${line}`, width()))),
      ]);
    const { cached, done } = steps.counts();
    const counts = [
      `${plural(done, 'step')} done${cached === 0 ? '' : `, ${cached} of them cached`}`,
      `${running.length} running`,
      tenths(performance.now() - began),
    ].join(' · ');
    const rows = Math.max(1, (stream.rows || 24) - 2);
    return [...lines.slice(0, rows), style.dim(cut(`  ${counts}`, width()))];
  };
  // Line by line over the old ones: a screen that is erased first flickers, and terminals keep it in their history.
  const draw = (...ended: readonly string[]): void => {
    const lines = runningLines();
    const up = drawn > 0 ? `\u001b[${drawn}A` : '';
    stream.write(`${up}${[...ended, ...lines].map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
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
    clear: () => {
      if (drawn > 0) stream.write(`\u001b[${drawn}A\u001b[J`);
      drawn = 0;
    },
    onEvent: (event) => {
      if (event.kind === 'vertex.started') {
        steps.started(event);
        later();
        return;
      }
      const step = steps.get(event.digest);
      if (step === undefined) return;
      if (event.kind === 'vertex.log') {
        linesOf(step, event.bytes);
        return;
      }
      if (event.kind === 'vertex.because') {
        linesOf(step, becauseOf(event));
        return;
      }
      steps.ended(event);
      const mark = event.error !== undefined ? style.red('✗') : event.cached ? style.dim('=') : style.green('✓');
      draw(row(mark, step.name, endOf(event)));
    },
  };
}

const tenths = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, Math.max(0, length - 1))}…` : text;

const becauseOf = ({ because }: { readonly because: readonly string[] }): Buffer =>
  Buffer.from(`because ${because.join('; ')}\n`);
