import { describe, expect, it } from 'vitest';
import { httpAnswer, bodyAnswer } from '../../src/sandbox/probes/answer.ts';
import type { Proof } from '../../src/shrink/prove.ts';
import { unlike } from '../../src/shrink/unlike.ts';

const NAME = 'http GET 8080/login?token=hunter2';

function proofOf(name = NAME): Proof {
  const answer = (status: number) => httpAnswer(status, {}, bodyAnswer(Buffer.from('hello')));
  return {
    compared: [
      {
        name,
        original: { name, ok: true, ms: 1, answer: answer(200) },
        small: { name, ok: false, ms: 1, answer: answer(500) },
        difference: { text: 'status: the original answers 200, this 500', doubtful: false },
      },
    ],
    small: { output: 'it broke' },
    knowledge: { profile: undefined, repairs: [] },
    // What the message is made of, and no more.
  } as unknown as Proof;
}

describe('E_UNLIKE', () => {
  it('names the question, both answers, and what the container printed', () => {
    const error = unlike('app:1', proofOf(), {});
    expect(error).toMatchObject({ code: 'E_UNLIKE' });
    expect(error.message).toContain('http GET 8080/login');
    expect(error.message).toContain('original: 200');
    expect(error.message).toContain('small: 500');
    expect(error.message).toContain('it broke');
    expect(error.hint).not.toContain('--restrict');
  });

  it('keeps the values of query strings and the secrets of commands to itself', () => {
    expect(unlike('app:1', proofOf(), {}).message).not.toContain('hunter2');
    expect(unlike('app:1', proofOf('exec mysql --password=hunter2'), {}).message).not.toContain('hunter2');
  });

  it('suspects the restriction when there is one', () => {
    expect(unlike('app:1', proofOf(), { restrict: true }).hint).toMatch(/^the restriction .*without --restrict/);
  });
});
