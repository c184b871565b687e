import { describe, expect, it } from 'vitest';
import { commandAnswer, httpAnswer } from '../../src/sandbox/probes/answer.ts';
import type { ProbeAnswer, ProbeOutcome } from '../../src/sandbox/probes/index.ts';
import { nothingButErrors, probeOf } from '../../src/shrink/verdict.ts';
import type { Compared } from '../../src/verify/compare-runs.ts';

const outcome = (name: string, answer?: ProbeAnswer): ProbeOutcome => ({
  name,
  ok: true,
  ms: 3,
  ...(answer === undefined ? {} : { answer }),
});
function same(name: string, answer?: ProbeAnswer): Compared {
  return { name, original: outcome(name, answer), small: outcome(name, answer) };
}
const http = (status: number): Compared => same(`http GET 80/${status}`, httpAnswer(status, {}, undefined));
const exec = (exit: number): Compared => same('exec migrate', commandAnswer(exit, '', ''));

describe('one answer, in the result', () => {
  it.each([
    ['a status', http(204), { status: 204 }],
    ['an exit code', exec(0), { exit: 0 }],
    ['neither', same('tcp 80'), {}],
  ])('has %s', (_what, compared, came) => {
    expect(probeOf(compared)).toEqual({ name: compared.name, ok: true, ms: 3, original: { ok: true, ms: 3 }, ...came });
  });

  it('has no values of query strings, and no secrets of commands, in its name', () => {
    expect(probeOf(same('http GET 80/login?token=hunter2')).name).not.toContain('hunter2');
    expect(probeOf(same('exec mysql --password hunter2')).name).not.toContain('hunter2');
  });
});

describe('an original that answers nothing but errors', () => {
  it.each([
    ['one page', [http(200), http(404)], 0],
    ['errors alone', [http(404), http(500)], 1],
    ['errors beside an open port', [same('tcp 80'), http(503)], 1],
    ['errors beside a command that works', [http(404), exec(0)], 0],
    ['errors and a command that fails', [http(404), exec(1)], 1],
    ['errors beside a test suite that passes', [http(404), same('run npm')], 0],
    ['no HTTP at all', [exec(1)], 0],
    ['nothing', [], 0],
  ])('%s', (_what, compared, warnings) => {
    expect(nothingButErrors(compared)).toHaveLength(warnings);
  });

  it('says what was proved then', () => {
    expect(nothingButErrors([http(404)])).toEqual([
      {
        code: 'only-errors',
        message:
          'the original answers every question with an error: what was proved is that the small one does too; ask for what it can answer with --probe',
      },
    ]);
  });
});
