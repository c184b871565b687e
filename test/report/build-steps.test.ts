import { describe, expect, it } from 'vitest';
import { liveSteps, plainSteps, type StepsView } from '../../src/report/build-steps.ts';
import { createProgress } from '../../src/report/progress.ts';
import type { StepEvent } from '../../src/report/step-lines.ts';
import { createStyle } from '../../src/report/style.ts';
import { screenOf } from '../helpers/screen.ts';

const COLUMNS = 60;
const style = createStyle({ colour: false, width: COLUMNS, terminal: true });

interface Terminal {
  readonly stream: NodeJS.WriteStream;
  readonly written: () => string;
}

function terminal(): Terminal {
  let text = '';
  const write = (chunk: string): boolean => {
    text += chunk;
    return true;
  };
  return { stream: { write, columns: COLUMNS, rows: 24, isTTY: true } as NodeJS.WriteStream, written: () => text };
}

const started = (digest: string, name: string): StepEvent => ({ kind: 'vertex.started', digest, name });
const printed = (digest: string, text: string): StepEvent => ({
  kind: 'vertex.log',
  digest,
  stream: 'stdout',
  bytes: Buffer.from(text),
});
const done = (digest: string, more: Partial<Extract<StepEvent, { kind: 'vertex.done' }>> = {}): StepEvent => ({
  kind: 'vertex.done',
  digest,
  cached: false,
  seconds: 1.25,
  ...more,
});

function play(view: StepsView, events: readonly StepEvent[]): void {
  for (const event of events) view.onEvent(event);
}

describe('plain lines of a build', () => {
  it('has the number of the step, and the time of what it prints, before each', () => {
    const { stream, written } = terminal();
    play(plainSteps({ stream }), [
      started('a', '[1/3] RUN make'),
      started('b', '[2/3] COPY . .'),
      printed('a', 'one\ntw'),
      done('b', { cached: true }),
      printed('a', 'o\r\nthree'),
      done('a'),
      started('c', '[3/3] RUN false'),
      done('c', { error: 'exit code 1' }),
    ]);
    expect(
      written()
        .replaceAll(/ \d\.\d{3} /g, ' 0.000 ')
        .split('\n'),
    ).toEqual([
      '#1 [1/3] RUN make',
      '#2 [2/3] COPY . .',
      '#1 0.000 one',
      '#2 cached',
      '#1 0.000 two',
      '#1 0.000 three',
      '#1 done 1.3 s',
      '#3 [3/3] RUN false',
      '#3 failed after 1.3 s',
      '',
    ]);
  });

  it('lets no step command the terminal, and puts an instruction of several lines on one', () => {
    const { stream, written } = terminal();
    play(plainSteps({ stream }), [
      started('a', '[a  2/10] RUN a \\\n\t&& b\u001b[2J\n  c'),
      printed('a', '\u001b[31mred\u001b[0m\u0007\n'),
    ]);
    expect(written().replace(/\d\.\d{3}/, '0')).toBe('#1 [a  2/10] RUN a && b c\n#1 0 red\n');
  });
});

describe('the live view of a build', () => {
  it('leaves one line for each step that has ended, times at the right edge', () => {
    const { stream, written } = terminal();
    play(liveSteps({ stream, style }), [
      started('a', `[one 1/2] RUN ${'x'.repeat(80)}`),
      started('b', '[two 1/1] RUN true'),
      printed('a', 'compiling\n'),
      done('b', { cached: true }),
      done('a', { seconds: 61 }),
    ]);
    const lines = screenOf(written());
    expect(lines).toEqual([
      '= [two 1/1] RUN true                                 cached',
      `✓ [one 1/2] RUN ${'x'.repeat(34)}…  61.0 s`,
      '',
    ]);
    for (const line of lines) expect(line.length).toBeLessThan(COLUMNS);
  });

  it('shows what runs below, with the end of its output and a count', () => {
    const { stream, written } = terminal();
    play(liveSteps({ stream, style }), [
      started('a', 'RUN a'),
      started('b', 'RUN b'),
      started('c', 'RUN c'),
      printed('a', '1\n2\n3\n'),
      done('c'),
    ]);
    expect(screenOf(written()).map((line) => line.replaceAll(/ {2,}\d\.\d s$| · \d\.\d s$/g, ''))).toEqual([
      expect.stringMatching(/^✓ RUN c/) as string,
      '• RUN a',
      '    2',
      '    3',
      '• RUN b',
      '  1 step done · 2 running',
      '',
    ]);
  });

  it('is not disturbed by what steps do meanwhile', () => {
    const { stream, written } = terminal();
    const { close, onEvent } = createProgress({ mode: 'auto', stream, verbose: false, style });
    onEvent(started('a', 'RUN a'));
    onEvent(started('b', 'RUN b'));
    onEvent(done('b'));
    onEvent({ kind: 'step.progress', step: 'pack', done: 5, total: 10, unit: 'bytes' });
    onEvent({ kind: 'warning', warning: { code: 'x', message: 'look' } });
    onEvent(done('a'));
    close();
    expect(screenOf(written()).map((line) => line.replace(/ {2,}.*/, ''))).toEqual([
      '✓ RUN b',
      'warning x: look',
      '✓ RUN a',
      '',
    ]);
  });
});
